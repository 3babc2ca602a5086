#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <utility>

namespace penstock::tunnel {

/// How long to stay away from a server after its WebSocket close: to be drawn anew between the two
/// each time, so that the gateways of one server do not come back in step.
struct stay_away {
    std::chrono::milliseconds least{0};
    std::chrono::milliseconds most{0};
    /// A request that has no other link may cut it short.
    bool until_wanted = false;
};

/// What a close code asks for (RFC 6455 section 7.4.1 and the IANA registry of close codes):
///
///     1001 going away       whoever takes its place is there or comes at any moment
///     1012 service restart  the registry says 5 to 30 s at random; that is for browsers whose
///                           tabs can wait, so we take at most its lower end
///     1013 try again later  overload: the longest wait, also for requests
///
/// `streams_wait`: streams stand still until the lane is carried on. Theirs is the shorter wait.
[[nodiscard]] constexpr stay_away after_close(std::uint16_t code, bool streams_wait) noexcept
{
    using std::chrono::milliseconds;
    switch (code) {
    case 1001:
        return {milliseconds(0), milliseconds(streams_wait ? 0 : 1'000), true};
    case 1012:
        return {milliseconds(0), milliseconds(streams_wait ? 500 : 5'000), true};
    case 1013:
        return streams_wait ? stay_away{milliseconds(1'000), milliseconds(5'000), false}
                            : stay_away{milliseconds(5'000), milliseconds(30'000), false};
    default:
        return {};
    }
}

/// What a lane does about it: when to dial again, and whether a request may hurry it.
class asked_wait {
public:
    explicit asked_wait(std::uint32_t seed) noexcept : random_(seed) {}

    void ask(const stay_away& wait)
    {
        std::uniform_int_distribution<std::int64_t> draw(wait.least.count(), wait.most.count());
        ask(std::chrono::milliseconds(draw(random_)));
        until_wanted_ = wait.until_wanted;
    }
    /// No request shortens this one.
    void ask(std::chrono::milliseconds wait) noexcept
    {
        wait_ = wait;
        until_wanted_ = false;
    }
    [[nodiscard]] std::chrono::milliseconds value() const noexcept { return wait_; }
    /// Begins the wait: what is asked from now on is for the next one.
    [[nodiscard]] std::chrono::milliseconds take() noexcept
    {
        return std::exchange(wait_, std::chrono::milliseconds(0));
    }
    [[nodiscard]] bool any() const noexcept { return wait_ > wait_.zero(); }
    /// True: there was one that ends now.
    [[nodiscard]] bool hurry() noexcept
    {
        if (!until_wanted_)
            return false;
        over();
        return true;
    }
    void over() noexcept { ask(std::chrono::milliseconds(0)); }

private:
    std::minstd_rand random_;
    std::chrono::milliseconds wait_{0};
    bool until_wanted_ = false;
};

}  // namespace penstock::tunnel
