#pragma once

#include <penstock/io/asio.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::tunnel {

/// How much to encrypt at once, from the rate at which the link takes octets: what is encrypted
/// cannot be overtaken, so a batch is about a millisecond of the link (MUX.md 5.6), and on a fast
/// link large enough to be cheap.
class batch_sizer {
public:
    static constexpr std::size_t batch_bytes_min = 8 * 1024;
    static constexpr std::size_t batch_bytes_max = 256 * 1024;
    static constexpr std::size_t lowat_bytes_min = 16 * 1024;
    static constexpr std::size_t lowat_bytes_max = 512 * 1024;
    static constexpr std::size_t near_bytes_max = 64 * 1024;  ///< of both, on a near link
    static constexpr std::size_t chunk_bytes_slow = 8 * 1024;
    static constexpr std::size_t chunk_bytes_usual = 16 * 1024;
    static constexpr std::size_t chunk_bytes_fast = 60 * 1024;

    /// The socket took `bytes`; `blocked` if it would not take more, so that the link and not its
    /// users set the rate.
    void add(std::size_t bytes, bool blocked, io::clock::time_point now) noexcept
    {
        bytes_ += bytes;
        blocked_ = blocked_ || blocked;
        const auto elapsed = now - start_;
        if (elapsed < interval)
            return;
        const auto seconds = std::chrono::duration<double>(elapsed).count();
        const auto sample = static_cast<double>(bytes_) / seconds;
        if (elapsed > 10 * interval)
            rate_ = std::max(
                rate_, sample
            );  // mostly idle time: it says what was wanted, not what is possible
        else if (blocked_)
            rate_ += (sample - rate_) / 4;
        else
            rate_ = std::max(rate_, sample);
        bytes_ = 0;
        blocked_ = false;
        start_ = now;
    }

    /// On a near link what waits here waits for a CPU or for a slow piece of wire, there is no path
    /// to be filled, and large batches gain nothing more.
    void set_near(bool near) noexcept { near_ = near; }

    [[nodiscard]] double rate_bytes_per_s() const noexcept { return rate_; }
    [[nodiscard]] std::size_t batch_bytes() const noexcept
    {
        using namespace std::chrono_literals;
        return near_ ? part(250us, batch_bytes_min, near_bytes_max)
                     : part(1ms, batch_bytes_min, batch_bytes_max);
    }
    [[nodiscard]] std::size_t lowat_bytes() const noexcept
    {
        using namespace std::chrono_literals;
        return near_ ? part(500us, lowat_bytes_min, near_bytes_max)
                     : part(2ms, lowat_bytes_min, lowat_bytes_max);
    }

    /// Large frames cost less (8 to 11 % of the CPU); on a slow link small ones let others in
    /// between.
    [[nodiscard]] std::size_t chunk_bytes() const noexcept
    {
        constexpr double fast_bytes_per_s = 200e6;
        constexpr double slow_bytes_per_s = 16e6;  // chunk_bytes_usual in a millisecond
        if (rate_ > fast_bytes_per_s)
            return chunk_bytes_fast;
        return rate_ < slow_bytes_per_s ? chunk_bytes_slow : chunk_bytes_usual;
    }

private:
    static constexpr std::chrono::milliseconds interval{5};

    [[nodiscard]] std::size_t
    part(std::chrono::microseconds of, std::size_t least, std::size_t most) const noexcept
    {
        const auto seconds = std::chrono::duration<double>(of).count();
        return std::clamp(static_cast<std::size_t>(rate_ * seconds), least, most);
    }

    double rate_ = 64e6;  ///< until measured: batches of 64 KB
    std::uint64_t bytes_ = 0;
    bool blocked_ = false;
    bool near_ = false;
    io::clock::time_point start_{};
};

}  // namespace penstock::tunnel
