#pragma once

#include <chrono>
#include <optional>

namespace penstock::tunnel {

/// The smallest round trip of a TCP socket in the last minutes, as the kernel saw it
/// (tcp_info.tcpi_min_rtt): unlike the lane's own, without the time that a busy peer takes to
/// answer. Nothing: unknown.
[[nodiscard]] std::optional<std::chrono::microseconds> kernel_round_trip(int socket) noexcept;

}  // namespace penstock::tunnel
