#pragma once

#include <penstock/mux/types.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace penstock::mux {

/// Smallest and first windows (PROTOCOL.md, windows).
inline constexpr std::uint32_t window_bytes_floor = 16 * 1024;
inline constexpr std::uint32_t window_bytes_first = 64 * 1024;
/// The most that a first window takes from what the path is known to carry.
inline constexpr std::uint32_t window_bytes_learned_max = 1024 * 1024;

/// What a window's growth depends on beside its own stream.
struct window_terms {
    std::chrono::microseconds round_trip{1'000};
    std::uint64_t share_bytes = 0;  ///< this stream's fair part of the budget; also caps growth
    bool may_grow = true;           ///< false: memory is short
    bool only_if_empty =
        false;  ///< true: memory is very short, grant nothing to a stream that holds octets
};

/// The receiving half of one stream's credit: absolute limits, granted on consumption, the window
/// sized to twice what the consumer took in one round trip (dynamic right-sizing).
class receive_window {
public:
    receive_window(std::uint32_t first_bytes, time_point now) noexcept
        : limit_(first_bytes), window_bytes_(first_bytes), epoch_start_(now)
    {
    }

    /// False if the peer sent more than it was granted.
    [[nodiscard]] bool receive(std::size_t bytes) noexcept
    {
        received_ += bytes;
        return received_ <= limit_;
    }

    /// The consumer took `bytes`. A new limit if it is worth a WINDOW frame.
    [[nodiscard]] std::optional<std::uint64_t>
    consume(std::size_t bytes, const window_terms& terms, time_point now) noexcept;

    /// Raises the limit to `bytes` if that is more: the peer may send so much in any case (OPEN_OK
    /// and init_limit).
    void raise_limit(std::uint64_t bytes) noexcept
    {
        if (bytes > limit_)
            limit_ = bytes;
    }

    [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    [[nodiscard]] std::uint64_t buffered() const noexcept { return received_ - consumed_; }
    [[nodiscard]] std::uint32_t window_bytes() const noexcept { return window_bytes_; }

private:
    void end_epoch(const window_terms& terms, time_point now) noexcept;

    std::uint64_t limit_;
    std::uint64_t received_ = 0;
    std::uint64_t consumed_ = 0;
    std::uint32_t window_bytes_;
    std::uint8_t quiet_epochs_ = 0;
    std::uint64_t epoch_bytes_ = 0;
    std::uint64_t previous_bytes_ = 0;  ///< consumed in a round trip of the epoch before
    time_point epoch_start_;
};

}  // namespace penstock::mux
