#include <penstock/io/socket.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <utility>
#include <variant>

#include "exchange.hpp"

namespace penstock::inbound {
namespace {

struct directions {
    session& s;
    upstream& up;
    int open = 2;
};

/// Completes when this direction fails, or is the second to reach EOF. io::relay() would do, but
/// for one thing: our end of a socket pair cannot tell RST from FIN by reading alone.
asio::awaitable<error_code>
pump(directions& both, io::stream_socket& from, io::stream_socket& to, flat_buffer chunk)
{
    auto& s = both.s;
    for (;;) {
        if (!chunk.empty()) {
            if (const auto ec = co_await send_all(s, to, chunk.view()))
                co_return ec;
            s.extend_deadline(s.config.websocket_idle_timeout);
        }
        chunk.release();  // an idle connection owns no buffer
        if (auto [ec] = co_await from.async_wait(io::stream_socket::wait_read, io::as_result); ec)
            co_return ec;
        const auto ec = co_await receive_some(s, from, chunk, s.config.chunk_octets);
        if (ec == asio::error::eof)
            break;
        if (ec)
            co_return ec;
    }
    if (&from == &both.up.socket && !ended_cleanly(both.up))
        co_return asio::error::connection_reset;
    error_code ignored;  // the other side may be gone already; its own read reports that
    to.shutdown(io::stream_socket::shutdown_send, ignored);
    if (--both.open > 0) {
        // First EOF: stay pending so that `||` below keeps the other direction running.
        asio::steady_timer until_cancelled(from.get_executor(), io::clock::time_point::max());
        co_await until_cancelled.async_wait(io::as_result);
    }
    co_return error_code{};
}

}  // namespace

asio::awaitable<void> relay_upgraded(session& s, upstream& up)
{
    using namespace asio::experimental::awaitable_operators;

    directions both{s, up};
    s.set_deadline(s.config.websocket_idle_timeout);
    s.also_cancelled = &up.socket;
    flat_buffer early = std::exchange(s.received, {});
    flat_buffer nothing;
    const auto first = co_await (
        pump(both, s.client, up.socket, std::move(early)) ||
        pump(both, up.socket, s.client, std::move(nothing))
    );
    s.also_cancelled = nullptr;
    if (std::visit([](error_code ec) { return ec; }, first))
        io::reset(s.client);
}

}  // namespace penstock::inbound
