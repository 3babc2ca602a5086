#include "load.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <poll.h>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include "event_loop.hpp"
#include "streams.hpp"

namespace bench {
namespace {

constexpr std::uint64_t opening_max = 64;

/// Keeps `streams` of them going, and counts.
class run final : public run_observer {
public:
    explicit run(const options& o) : options_(o) {}

    int go()
    {
        started_ = now_s();
        const double give_up = started_ + options_.timeout_s;
        start_more();
        while (!live_.empty() && !time_is_up()) {
            if (holds() && settled_ == options_.streams && !told_)
                tell_ready();
            if (told_ && stdin_ended())
                break;
            loop_.turn(told_ ? 50 : 10);
            start_more();
            if (!told_ && now_s() > give_up) {
                problem_ = "not done within the time-out";
                break;
            }
        }
        seconds_ = now_s() - started_;
        for (const auto* one : live_)
            count(*one);
        report();
        return problem_.empty() ? 0 : 1;
    }

private:
    [[nodiscard]] bool holds() const
    {
        return options_.command == "idle" || options_.command == "stall";
    }
    [[nodiscard]] bool time_is_up() const
    {
        return options_.seconds > 0 && now_s() - started_ > options_.seconds;
    }

    /// A few at a time: a burst of thousands would measure how a proxy bounds the dials under way.
    void start_more()
    {
        while (first_begun_ < options_.streams && begun_ - settled_ < opening_max) {
            ++first_begun_;
            start_one();
        }
    }

    void start_one()
    {
        auto made = make();
        ++begun_;
        live_.insert(made.get());
        loop_.adopt(std::move(made));
    }

    std::unique_ptr<client_stream> make()
    {
        const auto& mode = options_.command;
        if (mode == "down")
            return std::make_unique<download>(loop_, options_, *this);
        if (mode == "up")
            return std::make_unique<upload>(loop_, options_, *this);
        if (mode == "latency")
            return std::make_unique<ping_pong>(loop_, options_, *this, micros_);
        if (mode == "stall")
            return std::make_unique<stalled>(loop_, options_, *this);
        if (mode == "verify")
            return std::make_unique<verification>(loop_, options_, *this, options_.seed + begun_);
        return std::make_unique<touch>(loop_, options_, *this, mode == "idle");
    }

    void opened(client_stream&) override { ++settled_; }

    void ended(client_stream& stream, const std::string& why) override
    {
        live_.erase(&stream);
        if (!stream.is_open())
            ++settled_;
        count(stream);
        if (!why.empty()) {
            ++failed_;
            problem_ = why;
        } else {
            ++done_;
        }
        const bool again = options_.command == "connect" && failed_ < options_.streams &&
                           (options_.seconds > 0 || begun_ < options_.count);
        if (again)
            start_one();
    }

    void count(const client_stream& stream)
    {
        received_ += stream.received();
        sent_ += stream.sent();
    }

    void tell_ready()
    {
        if (options_.command == "idle") {
            const bool all = std::all_of(live_.begin(), live_.end(), [](const client_stream* one) {
                return one->received() > 0;
            });
            if (!all)
                return;
        }
        told_ = true;
        std::printf(
            "{\"ready\": %zu, \"failed\": %llu}\n",
            live_.size(),
            static_cast<unsigned long long>(failed_)
        );
        std::fflush(stdout);
    }

    static bool stdin_ended()
    {
        pollfd one{STDIN_FILENO, POLLIN, 0};
        char octet = 0;
        return ::poll(&one, 1, 0) > 0 && ::read(STDIN_FILENO, &octet, 1) <= 0;
    }

    [[nodiscard]] double percentile(double share) const
    {
        if (micros_.empty())
            return 0;
        return micros_[static_cast<std::size_t>(share * static_cast<double>(micros_.size() - 1))];
    }

    void report()
    {
        std::sort(micros_.begin(), micros_.end());
        const auto octets = static_cast<double>(received_ + sent_);
        std::printf(
            "{\"mode\": \"%s\", \"streams\": %u, \"done\": %llu, \"failed\": %llu, \"received\": "
            "%llu, \"sent\": %llu, "
            "\"seconds\": %.6f, \"mb_per_s\": %.3f, \"per_s\": %.3f",
            options_.command.c_str(),
            options_.streams,
            static_cast<unsigned long long>(done_),
            static_cast<unsigned long long>(failed_),
            static_cast<unsigned long long>(received_),
            static_cast<unsigned long long>(sent_),
            seconds_,
            octets / seconds_ / 1e6,
            static_cast<double>(done_) / seconds_
        );
        if (!micros_.empty())
            std::printf(
                ", \"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f",
                percentile(0.5),
                percentile(0.99),
                micros_.back()
            );
        std::printf(", \"problem\": \"%s\"}\n", problem_.c_str());
    }

    const options& options_;
    event_loop loop_;
    std::set<client_stream*> live_;
    std::vector<double> micros_;
    std::uint64_t first_begun_ = 0, begun_ = 0, settled_ = 0, done_ = 0, failed_ = 0, received_ = 0,
                  sent_ = 0;
    double started_ = 0, seconds_ = 0;
    bool told_ = false;
    std::string problem_;
};

}  // namespace

int load(const options& o) { return run(o).go(); }

}  // namespace bench
