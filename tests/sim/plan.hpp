#pragma once

#include <penstock/base/result.hpp>
#include <penstock/mux/types.hpp>

#include <vector>

#include "environment.hpp"

namespace sim {

enum class ending { both_finish, refused, client_resets, server_resets };

/// One stream's life, decided before the simulation starts. Its number travels as the target's
/// port.
struct stream_plan {
    microseconds opens_at{};
    microseconds dial_time{5'000};
    std::uint64_t up_bytes = 0;
    std::uint64_t down_bytes = 0;
    std::uint32_t early_bytes = 0;      ///< of up_bytes
    bool server_waits_for_end = false;  ///< answers only when it has seen the request's end
    ending end = ending::both_finish;
    std::uint64_t reset_after_bytes = 0;     ///< sent by the one that resets
    double client_reads_bytes_per_us = 1e9;  ///< 0: never
    double server_reads_bytes_per_us = 1e9;
    penstock::mux::stream_class priority = penstock::mux::stream_class::normal;

    [[nodiscard]] bool never_ends() const
    {
        return end == ending::both_finish && client_reads_bytes_per_us == 0 && down_bytes > 0;
    }
};

/// `count` streams of every sort, over about `spread`.
std::vector<stream_plan> random_plans(environment& env, std::size_t count, microseconds spread);

/// What stream `plan` carries from `offset` on; `up`: from client to server. Octets of another
/// stream, direction or place do not match.
void write_content(penstock::mutable_bytes out, std::size_t plan, bool up, std::uint64_t offset);
[[nodiscard]] bool
is_content(penstock::byte_view octets, std::size_t plan, bool up, std::uint64_t offset);

}  // namespace sim
