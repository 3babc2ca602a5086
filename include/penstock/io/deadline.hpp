#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>
#include <penstock/io/timer_wheel.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <optional>
#include <utility>

namespace penstock::io {

/// Ends a step of a conversation at a time: closes its socket, whose pending operation then
/// completes with operation_aborted (a later one with bad_descriptor). Ask expired() to tell that
/// from another end.
///
///     deadline_guard guard(socket, 10s);
///     auto [ec, n] = co_await socket.async_read_some(buffer, as_result);
///     if (guard.expired()) ...
///
/// Lifetime: `socket` outlives the guard. Executor: the socket's thread. Units: up to one tick (50
/// ms) late.
class deadline_guard {
public:
    template <class Socket>
    deadline_guard(Socket& socket, clock::duration after)
        : deadline_guard(socket.get_executor().context(), after, [&socket] {
              error_code ignored;  // closed is closed, whatever the descriptor's last words
              socket.close(ignored);
          })
    {
    }

    /// The general form: `at_deadline` runs at most once, never after the guard is gone.
    deadline_guard(
        asio::execution_context& context, clock::duration after, std::function<void()> at_deadline
    );

    [[nodiscard]] bool expired() const noexcept { return expired_; }
    /// The step is done; nothing happens at the deadline any more.
    void disarm() noexcept { timer_.cancel(); }
    /// A new deadline, counted from now.
    void extend(clock::duration after);

private:
    timer_service& service_;
    std::function<void()> at_deadline_;
    bool expired_ = false;
    wheel_timer timer_;
};

/// Waits for `after`, or until cancelled.
asio::awaitable<void> pause(clock::duration after);

/// `operation`'s result, or nothing if it took longer than `limit`; it is then cancelled (terminal)
/// and has ended before this completes. For operations that honour cancellation and can be
/// abandoned: not for reads under TLS, use deadline_guard there. `operation` must not throw: the
/// other branch would be waited for.
template <class T>
asio::awaitable<std::optional<T>> within(clock::duration limit, asio::awaitable<T> operation)
{
    using namespace asio::experimental::awaitable_operators;
    auto first = co_await (std::move(operation) || pause(limit));
    if (first.index() == 0)
        co_return std::optional<T>(std::move(std::get<0>(first)));
    co_return std::nullopt;
}

}  // namespace penstock::io
