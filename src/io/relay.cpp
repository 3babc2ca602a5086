#include <penstock/io/buffer_pool.hpp>
#include <penstock/io/relay.hpp>
#include <penstock/io/socket.hpp>
#include <penstock/io/timer_wheel.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

namespace penstock::io {
namespace {

/// Waiting costs a system call; beyond this many reads the thread's other work gets its turn.
constexpr unsigned moves_per_wait_max = 8;

/// What the two directions share. Lives in relay()'s frame, so it outlives both.
struct progress {
    relay_settings settings;
    buffer_pool& pool;
    clock::time_point last_activity = clock::now();
    int open_directions = 2;
};

/// The outcome of moving what was ready at the moment.
struct step {
    error_code ec;  ///< would_block: the source is drained; eof: it ended
    std::size_t moved = 0;
    octets rest;  ///< read but not taken by the blocked destination
};

/// Reads and writes without waiting, so that the lent buffer is back before anybody else may want
/// it.
step move_ready(stream_socket& from, stream_socket& to, progress& shared)
{
    step done;
    const auto lent = shared.pool.lend();
    const auto chunk =
        lent.bytes().first(std::min(shared.settings.chunk_octets, buffer_pool::buffer_octets));
    const auto read = from.read_some(asio::buffer(chunk.data(), chunk.size()), done.ec);
    if (done.ec)
        return done;
    done.moved = to.write_some(asio::buffer(chunk.data(), read), done.ec);
    if (done.ec == asio::error::would_block) {
        done.ec = {};
        done.moved = 0;
    }
    if (!done.ec && done.moved < read)
        done.rest.assign(
            chunk.begin() + static_cast<std::ptrdiff_t>(done.moved),
            chunk.begin() + static_cast<std::ptrdiff_t>(read)
        );
    return done;
}

/// Completes when this direction fails, or is the second to reach EOF.
asio::awaitable<error_code> pump(
    stream_socket& from,
    stream_socket& to,
    octets early,
    std::uint64_t& moved_octets,
    progress& shared
)
{
    step now;
    now.rest = std::move(early);
    unsigned moves_since_wait = moves_per_wait_max;
    for (;;) {
        if (!now.rest.empty()) {
            const auto kept = asio::buffer(now.rest);
            auto [ec, written] = co_await asio::async_write(to, kept, as_result);
            moved_octets += written;
            if (ec)
                co_return ec;
            shared.last_activity = clock::now();
            octets().swap(now.rest);
        }
        if (moves_since_wait == moves_per_wait_max) {
            auto [ec] = co_await from.async_wait(stream_socket::wait_read, as_result);
            if (ec)
                co_return ec;
            moves_since_wait = 0;
        }
        now = move_ready(from, to, shared);
        ++moves_since_wait;
        if (now.ec == asio::error::eof)
            break;
        if (now.ec == asio::error::would_block)
            moves_since_wait = moves_per_wait_max;
        else if (now.ec)
            co_return now.ec;
        else
            shared.last_activity = clock::now();
        moved_octets += now.moved;
    }

    error_code ignored;  // the other side may be gone already; its own read reports that
    to.shutdown(stream_socket::shutdown_send, ignored);

    if (--shared.open_directions > 0) {
        // First EOF: stay pending so that `||` below keeps the other direction running.
        asio::steady_timer until_cancelled(from.get_executor(), clock::time_point::max());
        co_await until_cancelled.async_wait(as_result);
    }
    co_return error_code{};
}

/// One timer for the whole relay, so that no read pays for arming and cancelling its own.
asio::awaitable<error_code> watchdog(stream_socket& any, const progress& shared)
{
    asio::steady_timer timer(any.get_executor());
    for (;;) {
        const auto due = shared.last_activity + shared.settings.idle_timeout;
        if (due <= clock::now())
            co_return asio::error::timed_out;
        timer.expires_at(due);
        if (auto [ec] = co_await timer.async_wait(as_result); ec)
            co_return ec;
    }
}

}  // namespace

asio::awaitable<relay_outcome>
relay(stream_socket& a, stream_socket& b, octets early, relay_settings settings)
{
    using namespace asio::experimental::awaitable_operators;

    relay_outcome outcome;
    progress shared{.settings = settings, .pool = buffer_pool::of(a.get_executor().context())};
    error_code mode_ec;
    a.non_blocking(true, mode_ec);
    if (!mode_ec)
        b.non_blocking(true, mode_ec);
    if (mode_ec) {
        outcome.ec = mode_ec;
    } else {
        try {
            const auto first_to_end = co_await (
                pump(a, b, std::move(early), outcome.a_to_b_octets, shared) ||
                pump(b, a, octets(), outcome.b_to_a_octets, shared) || watchdog(a, shared)
            );
            outcome.ec = std::visit([](error_code ec) { return ec; }, first_to_end);
        } catch (const boost::system::system_error& cancelled) {
            outcome.ec = cancelled.code();  // cancelled between two operations
        }
    }

    if (outcome.ec) {
        reset(a);
        reset(b);
    } else {
        error_code ignored;
        a.close(ignored);
        b.close(ignored);
    }
    co_return outcome;
}

}  // namespace penstock::io
