#pragma once

#include <penstock/io/asio.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace penstock::tunnel {

/// Recognises a link whose octets wait in kernels rather than on the way (this machine, its own
/// network), and says how much the kernel may take in for it. On such a link the receiver's CPU is
/// the bottleneck, TCP lets megabytes pile up before it, and a keystroke waits behind them: 5 ms
/// at 1 GB/s, where a window of a few batches is as fast.
class near_link {
public:
    static constexpr std::chrono::microseconds round_trip_max{2'000};
    static constexpr std::size_t receive_bytes_min = 32 * 1024;
    /// What is enough on any network whose round trip is near to nothing.
    static constexpr std::size_t receive_bytes_usual = 128 * 1024;
    static constexpr std::chrono::milliseconds interval{100};

    /// `bytes` more were received. True: `interval` has passed, call update() with what the kernel
    /// knows: the smallest round trip, and the largest segment.
    [[nodiscard]] bool add(std::size_t bytes, io::clock::time_point now) noexcept
    {
        bytes_ += bytes;
        return now - start_ >= interval;
    }

    /// The receive window to set (TCP_WINDOW_CLAMP); nothing: leave it as it is.
    [[nodiscard]] std::optional<int> update(
        std::chrono::microseconds round_trip, std::size_t segment_bytes, io::clock::time_point now
    ) noexcept
    {
        const auto seconds = std::chrono::duration<double>(now - start_).count();
        const auto rate = static_cast<double>(bytes_) / seconds;
        const auto carried = rate * std::chrono::duration<double>(round_trip).count();
        bytes_ = 0;
        start_ = now;
        const bool was_near = std::exchange(near_, round_trip <= round_trip_max);
        if (!near_)
            return was_near ? std::optional(unlimited) : std::nullopt;
        // A millisecond of the link, so that a slow one has no more before it; twice what a round
        // trip carries, so that a fast one is filled; and two segments, with fewer TCP waits for
        // its timers. It only rises, since the path can carry that much whatever is wanted now.
        const auto wanted = std::max(
            {std::clamp(
                 static_cast<std::size_t>(rate / 1'000), receive_bytes_min, receive_bytes_usual
             ),
             static_cast<std::size_t>(2 * carried),
             2 * segment_bytes}
        );
        if (was_near && wanted <= limit_bytes_ + limit_bytes_ / 4)
            return std::nullopt;
        limit_bytes_ = std::max(limit_bytes_, wanted);
        return static_cast<int>(std::min<std::size_t>(limit_bytes_, unlimited));
    }

    [[nodiscard]] bool is_near() const noexcept { return near_; }

private:
    static constexpr int unlimited = 1 << 30;

    std::uint64_t bytes_ = 0;
    io::clock::time_point start_{};
    std::size_t limit_bytes_ = 0;
    bool near_ = false;
};

}  // namespace penstock::tunnel
