#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace penstock::tunnel {

/// Waits between dials: doubled up to a maximum, each drawn anew between nothing and that (full
/// jitter), so that the gateways of a restarted server do not come back in step.
class backoff {
public:
    using duration = std::chrono::milliseconds;

    backoff(duration least, duration most, std::uint32_t seed) noexcept
        : least_(least), most_(most), ceiling_(least), random_(seed)
    {
    }

    /// The wait before the next dial; never shorter than what the server asked for.
    [[nodiscard]] duration next(duration asked = duration::zero())
    {
        std::uniform_int_distribution<duration::rep> draw(0, ceiling_.count());
        ceiling_ = std::min(2 * ceiling_, most_);
        return std::max(asked, duration(draw(random_)));
    }
    void succeed() noexcept { ceiling_ = least_; }

private:
    duration least_;
    duration most_;
    duration ceiling_;
    std::minstd_rand random_;
};

}  // namespace penstock::tunnel
