#include "tally.hpp"

#include <algorithm>
#include <cstdio>

#include "event_loop.hpp"

namespace bench {
namespace {

double percentile(const std::vector<double>& sorted, double share)
{
    return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

void print_mark(std::uint64_t received, std::uint64_t sent, std::uint64_t moving)
{
    std::printf(
        "{\"at\": %.6f, \"received\": %llu, \"sent\": %llu, \"moving\": %llu}\n",
        now_s(),
        static_cast<unsigned long long>(received),
        static_cast<unsigned long long>(sent),
        static_cast<unsigned long long>(moving)
    );
    std::fflush(stdout);
}

void print_report(const options& o, tally& t, double seconds)
{
    std::printf(
        "{\"mode\": \"%s\", \"streams\": %u, \"done\": %llu, \"failed\": %llu, \"received\": %llu, "
        "\"sent\": %llu, \"seconds\": %.6f, \"mb_per_s\": %.3f, \"per_s\": %.3f",
        o.command.c_str(),
        o.streams,
        static_cast<unsigned long long>(t.done),
        static_cast<unsigned long long>(t.failed),
        static_cast<unsigned long long>(t.received),
        static_cast<unsigned long long>(t.sent),
        seconds,
        static_cast<double>(t.received + t.sent) / seconds / 1e6,
        static_cast<double>(t.done) / seconds
    );
    if (!t.micros.empty()) {
        std::sort(t.micros.begin(), t.micros.end());
        std::printf(
            ", \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, \"samples\": %zu, "
            "\"samples_per_s\": %.1f",
            percentile(t.micros, 0.5),
            percentile(t.micros, 0.99),
            t.micros.back(),
            t.micros.size(),
            static_cast<double>(t.micros.size()) / seconds
        );
    }
    std::printf(", \"problem\": \"%s\"}\n", t.problem.c_str());
}

}  // namespace bench
