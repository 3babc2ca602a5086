#pragma once

#include <penstock/mux/types.hpp>

#include <algorithm>
#include <chrono>

namespace penstock::mux {

/// Round trip time of a link, from PING and PONG: smoothed as in RFC 6298, and the minimum of the
/// last 10 to 20 s.
class rtt_estimator {
public:
    using duration = std::chrono::microseconds;

    void add(duration sample, time_point now) noexcept
    {
        sample = std::max(sample, duration{1});
        smoothed_ = smoothed_ == duration{} ? sample : smoothed_ + (sample - smoothed_) / 8;
        if (now - epoch_start_ > window) {
            previous_min_ = current_min_;
            current_min_ = sample;
            epoch_start_ = now;
        }
        current_min_ = std::min(current_min_, sample);
    }

    [[nodiscard]] duration smoothed() const noexcept { return smoothed_; }
    [[nodiscard]] duration minimum() const noexcept
    {
        return std::min(current_min_, previous_min_);
    }

    /// The time over which windows are sized. Bounded by twice the minimum, so that our own queue
    /// on the link does not inflate the windows that fill it.
    [[nodiscard]] duration for_windows() const noexcept
    {
        constexpr duration lowest{1'000}, highest{1'000'000};
        if (smoothed_ == duration{})
            return lowest;
        return std::clamp(std::min(smoothed_, 2 * minimum()), lowest, highest);
    }

private:
    static constexpr std::chrono::seconds window{10};

    duration smoothed_{};
    duration current_min_ = duration::max() / 4;
    duration previous_min_ = duration::max() / 4;
    time_point epoch_start_{};
};

/// `rate` events a second, `burst` at once. Time comes in; nothing is allocated.
class token_bucket {
public:
    token_bucket(std::uint32_t rate_per_s, std::uint32_t burst, time_point now) noexcept
        : rate_per_s_(rate_per_s), burst_(burst), tokens_(burst), last_(now)
    {
    }

    [[nodiscard]] bool take(time_point now) noexcept
    {
        refill(now);
        if (tokens_ < 1)
            return false;
        tokens_ -= 1;
        return true;
    }

    /// When the next token is there, if one is missing now.
    [[nodiscard]] time_point next(time_point now) noexcept
    {
        refill(now);
        if (tokens_ >= 1)
            return now;
        return now + std::chrono::milliseconds(
                         static_cast<std::int64_t>((1 - tokens_) * 1'000 / rate_per_s_) + 1
                     );
    }

private:
    void refill(time_point now) noexcept
    {
        const auto elapsed = std::chrono::duration<double>(now - last_).count();
        if (elapsed <= 0)
            return;
        tokens_ = std::min<double>(burst_, tokens_ + elapsed * rate_per_s_);
        last_ = now;
    }

    double rate_per_s_;
    double burst_;
    double tokens_;
    time_point last_;
};

}  // namespace penstock::mux
