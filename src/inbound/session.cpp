#include "session.hpp"

#include <penstock/io/socket.hpp>
#include <penstock/observe/log.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace penstock::inbound {

using observe::bare;
using observe::field;

session::session(io::stream_socket socket, const settings& s, const auth::user_table* u, opener& o)
    : client(std::move(socket)), config(s), users(u), open(o)
{
    io::set_no_delay(client);
}

void session::set_deadline(io::clock::duration after)
{
    const auto at_deadline = [this] {
        error_code ignored;  // a closed socket has nothing pending
        client.cancel(ignored);
        if (also_cancelled != nullptr)
            also_cancelled->cancel(ignored);
    };
    deadline_.emplace(client.get_executor().context(), after, at_deadline);
}

void session::log_rejected(std::string_view why) const
{
    observe::warning(
        "client.rejected",
        {field{"client", bare(io::peer_name(client))},
         field{"protocol", bare(protocol)},
         field{"why", why}}
    );
}

asio::awaitable<error_code>
receive_some(session& s, io::stream_socket& from, flat_buffer& into, std::size_t octets_max)
{
    if (s.expired())
        co_return asio::error::timed_out;
    const auto room = into.prepare(octets_max);
    const auto buffer = asio::buffer(room.data(), octets_max);
    auto [ec, received] = co_await from.async_read_some(buffer, io::as_result);
    into.commit(received);
    co_return ec&& s.expired() ? error_code(asio::error::timed_out) : ec;
}

asio::awaitable<error_code> send_all(session& s, io::stream_socket& to, byte_view message)
{
    if (s.expired())
        co_return asio::error::timed_out;
    const auto buffer = asio::buffer(message.data(), message.size());
    auto [ec, sent] = co_await asio::async_write(to, buffer, io::as_result);
    co_return ec&& s.expired() ? error_code(asio::error::timed_out) : ec;
}

bool is_hung_up(io::stream_socket& socket) noexcept
{
    pollfd query{.fd = socket.native_handle(), .events = 0, .revents = 0};
    return ::poll(&query, 1, 0) != 0;  // POLLERR, POLLHUP and POLLNVAL are told unasked
}

asio::awaitable<void> client_gone(session& s)
{
    for (;;) {
        if (s.expired())
            co_return;
        auto [ec] = co_await s.client.async_wait(io::stream_socket::wait_error, io::as_result);
        if (ec || is_hung_up(s.client))
            co_return;
        // Urgent data wakes this wait too. Nobody wants it, and left there it would wake it for
        // ever.
        char urgent = 0;
        if (::recv(s.client.native_handle(), &urgent, 1, MSG_OOB | MSG_DONTWAIT) < 0)
            co_return;
    }
}

asio::awaitable<std::optional<open_outcome>> open_watched(session& s, open_request request)
{
    using namespace asio::experimental::awaitable_operators;

    s.set_deadline(s.config.open_timeout);
    auto first = co_await (s.open.open(std::move(request)) || client_gone(s));
    if (first.index() == 0)
        co_return std::optional<open_outcome>(std::move(std::get<0>(first)));
    if (!s.expired())
        co_return std::nullopt;
    open_outcome late;
    late.code = failure::dial_timeout;
    late.detail = "the connection was not made in time";
    co_return std::optional<open_outcome>(std::move(late));
}

asio::awaitable<void> linger_close(session& s)
{
    constexpr std::size_t piece_octets = 4096;
    s.set_deadline(s.config.linger_timeout);
    error_code ignored;  // an error here means that there is nobody to wait for
    s.client.shutdown(io::stream_socket::shutdown_send, ignored);
    for (std::size_t dropped = 0; dropped < s.config.linger_octets_max;
         dropped += s.received.size()) {
        s.received.clear();
        if (co_await receive_some(s, s.client, s.received, piece_octets))
            break;
    }
    s.client.close(ignored);
}

}  // namespace penstock::inbound
