#include "plan.hpp"

#include <algorithm>
#include <cstring>

namespace sim {
namespace {

std::uint64_t random_size(environment& env)
{
    switch (env.dice(5)) {
    case 0:
        return 0;
    case 1:
        return env.dice(100);
    case 2:
        return env.dice(20'000);
    case 3:
        return 65'536;
    default:
        return env.dice(600'000);
    }
}

double random_reader(environment& env)
{
    switch (env.dice(6)) {
    case 0:
        return 0.05;  // 50 kB/s
    case 1:
        return 0.5;
    default:
        return 1e9;
    }
}

/// One long text of random octets, from which every stream reads at its own place. It starts over
/// after a prime number of octets, and goes on behind that so that no piece has a seam.
constexpr std::size_t text_octets = 262'139;

const penstock::octets& text()
{
    static const auto all = [] {
        std::mt19937 random(1);
        penstock::octets made(2 * text_octets);
        for (std::size_t i = 0; i < text_octets; ++i)
            made[i] = made[i + text_octets] = static_cast<std::uint8_t>(random());
        return made;
    }();
    return all;
}

const std::uint8_t* place_of(std::size_t plan, bool up, std::uint64_t offset)
{
    return text().data() + (plan * 7'919 + (up ? 104'729 : 0) + offset) % text_octets;
}

}  // namespace

void write_content(penstock::mutable_bytes out, std::size_t plan, bool up, std::uint64_t offset)
{
    if (!out.empty())
        std::memcpy(out.data(), place_of(plan, up, offset), out.size());
}

bool is_content(penstock::byte_view octets, std::size_t plan, bool up, std::uint64_t offset)
{
    return octets.empty() ||
           std::memcmp(octets.data(), place_of(plan, up, offset), octets.size()) == 0;
}

std::vector<stream_plan> random_plans(environment& env, std::size_t count, microseconds spread)
{
    std::vector<stream_plan> plans(count);
    for (auto& p : plans) {
        p.opens_at = microseconds(env.dice(static_cast<std::uint32_t>(spread.count())));
        p.dial_time = microseconds(env.dice(200'000));
        p.up_bytes = random_size(env);
        p.down_bytes = random_size(env);
        if (env.one_in(2))
            p.early_bytes =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(p.up_bytes, env.dice(16'385)));
        p.server_waits_for_end = env.one_in(4);
        p.client_reads_bytes_per_us = random_reader(env);
        p.server_reads_bytes_per_us = random_reader(env);
        p.priority = static_cast<penstock::mux::stream_class>(env.dice(3));
        switch (env.dice(10)) {
        case 0:
            p.end = ending::refused;
            break;
        case 1:
            p.end = ending::client_resets;
            p.reset_after_bytes = p.up_bytes / 2;
            break;
        case 2:
            p.end = ending::server_resets;
            p.reset_after_bytes = p.down_bytes / 2;
            break;
        case 3:
            if (env.one_in(3)) {
                p.client_reads_bytes_per_us = 0;
                p.server_waits_for_end = false;
                p.down_bytes = 1'000'000;
            }
            break;
        default:
            break;
        }
        if (p.end == ending::server_resets)
            p.server_waits_for_end = false;
    }
    return plans;
}

}  // namespace sim
