#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

namespace penstock::tunnel {

/// What the kernel knows of a TCP socket's path.
struct kernel_path {
    /// The smallest of the last minutes (tcp_info.tcpi_min_rtt): unlike the lane's own, without the
    /// time that a busy peer takes to answer.
    std::chrono::microseconds round_trip{};
    std::size_t segment_bytes = 0;  ///< the largest that we take
};

/// Nothing: unknown.
[[nodiscard]] std::optional<kernel_path> kernel_path_of(int socket) noexcept;

}  // namespace penstock::tunnel
