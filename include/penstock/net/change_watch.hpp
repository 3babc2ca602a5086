#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>

namespace penstock::net {

/// Tells when what was known about the network may be so no more: an address or a route came or
/// went, an interface went up or down (rtnetlink(7)), or the machine was asleep (timerfd_create(2),
/// TFD_TIMER_CANCEL_ON_SET, which a clock that was set triggers too).
///
/// Changes that come together are told once, `settle` after the first, and at most once each
/// `calm`. Lifetime: the context and what `changed` refers to outlive the watch. Executor: the
/// context's thread.
class change_watch {
public:
    change_watch(io::asio::io_context& context, std::function<void()> changed);
    change_watch(const change_watch&) = delete;
    change_watch& operator=(const change_watch&) = delete;

    /// Errors: what the system says if it does not tell of one or both; what it does tell of is
    /// watched all the same.
    [[nodiscard]] error_code start();
    void stop();

    /// A change of address is a burst of messages.
    static constexpr std::chrono::milliseconds settle{100};
    /// Where changes never end they are told this often.
    static constexpr std::chrono::seconds calm{1};

private:
    [[nodiscard]] error_code open_netlink();
    [[nodiscard]] error_code open_clock();
    [[nodiscard]] bool arm_clock() noexcept;
    void wait_netlink();
    void wait_clock();
    void note_change();

    std::function<void()> changed_;
    io::asio::posix::stream_descriptor netlink_;
    io::asio::posix::stream_descriptor clock_;
    io::asio::steady_timer settle_;
    io::clock::time_point told_at_{};
    bool settling_ = false;
};

}  // namespace penstock::net
