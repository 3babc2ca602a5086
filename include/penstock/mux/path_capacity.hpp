#pragma once

#include <penstock/mux/types.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace penstock::mux {

/// What one round trip of the path has been seen to carry, from what all consumers of a lane took
/// together: the most of the last one to two minutes. A new stream's window starts from it.
class path_capacity {
public:
    void add(std::uint64_t bytes, std::chrono::microseconds round_trip, time_point now) noexcept
    {
        bytes_ += bytes;
        const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(now - start_);
        if (elapsed < round_trip)
            return;
        const auto carried =
            bytes_ * static_cast<std::uint64_t>(round_trip.count()) /
            std::max<std::uint64_t>(1, static_cast<std::uint64_t>(elapsed.count()));
        if (now - period_start_ > period) {
            // Nothing of this period or of the one before it is left after a long silence.
            previous_max_ = now - period_start_ > 2 * period ? 0 : current_max_;
            current_max_ = 0;
            period_start_ = now;
        }
        current_max_ = std::max(current_max_, carried);
        bytes_ = 0;
        start_ = now;
    }

    /// 0 until something was measured.
    [[nodiscard]] std::uint64_t bytes() const noexcept
    {
        return std::max(current_max_, previous_max_);
    }

private:
    static constexpr std::chrono::seconds period{60};

    std::uint64_t bytes_ = 0;
    std::uint64_t current_max_ = 0;
    std::uint64_t previous_max_ = 0;
    time_point start_{};
    time_point period_start_{};
};

}  // namespace penstock::mux
