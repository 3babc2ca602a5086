#include "channel.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace penstock::transport {
namespace {

namespace asio = io::asio;
using io::as_result;

/// A handshake message and an HTTP head fit; a half-open connection costs little more than this.
constexpr std::size_t receive_octets = 8 * 1024;

/// What a peer may still send after we have answered; beyond it we close in its face.
constexpr std::size_t discard_octets_max = 256 * 1024;

}  // namespace

channel::channel(io::tcp::socket& socket, std::optional<tls::engine>& tls) noexcept
    : socket_(socket), tls_(tls)
{
}

asio::awaitable<error_code> channel::receive()
{
    received_.resize(receive_octets);
    auto [ec, count] = co_await socket_.async_read_some(asio::buffer(received_), as_result);
    if (ec)
        co_return ec;
    if (tls_)
        tls_->feed(byte_view(received_).first(count));
    else
        received_.resize(count);
    co_return error_code{};
}

asio::awaitable<error_code> channel::flush()
{
    if (to_send_.empty())
        co_return error_code{};
    std::swap(to_send_, sending_);
    const auto view = sending_.view();
    auto [ec, count] =
        co_await asio::async_write(socket_, asio::buffer(view.data(), view.size()), as_result);
    sending_.clear();
    co_return ec;
}

asio::awaitable<result<std::uint8_t>> channel::listen()
{
    if (const auto ec = co_await receive(); ec)
        co_return ec;
    co_return received_.front();
}

asio::awaitable<error_code> channel::handshake()
{
    for (;;) {
        const auto done = tls_->handshake(to_send_);
        // Also after a failure: the peer is told by an alert.
        const auto sent = co_await flush();
        if (!done)
            co_return done.error();
        if (sent)
            co_return sent;
        if (*done)
            co_return error_code{};
        if (const auto ec = co_await receive(); ec)
            co_return ec;
    }
}

asio::awaitable<error_code> channel::read(flat_buffer& into)
{
    if (!tls_) {
        if (received_.empty())
            if (const auto ec = co_await receive(); ec)
                co_return ec;
        into.append(std::exchange(received_, {}));
        co_return error_code{};
    }
    const auto before = into.size();
    for (;;) {
        error_code failed;
        for (;;) {
            const auto got = tls_->read(into.prepare(receive_octets), to_send_);
            if (!got)
                failed = got.error();
            if (!got || *got == 0)
                break;
            into.commit(*got);
        }
        if (!duplex_)
            co_await flush();  // an alert or a key update; if it fails, so does what comes next
        if (into.size() > before)
            co_return error_code{};  // a failure behind it is told by the next call
        if (failed)
            co_return failed == tls::errc::closed ? error_code(asio::error::eof) : failed;
        if (const auto ec = co_await receive(); ec)
            co_return ec;
    }
}

asio::awaitable<error_code> channel::write(byte_view plaintext)
{
    if (!tls_) {
        auto [ec, count] = co_await asio::async_write(
            socket_, asio::buffer(plaintext.data(), plaintext.size()), as_result
        );
        co_return ec;
    }
    if (const auto ec = tls_->write(plaintext, to_send_); ec)
        co_return ec;
    co_return co_await flush();
}

asio::awaitable<void> channel::shutdown()
{
    if (tls_)
        tls_->shutdown(to_send_);
    co_await flush();
    error_code ignored;  // the peer may be gone already
    socket_.shutdown(io::tcp::socket::shutdown_send, ignored);
}

asio::awaitable<void> channel::finish()
{
    co_await shutdown();
    received_.resize(receive_octets);
    for (std::size_t discarded = 0; discarded < discard_octets_max;) {
        auto [ec, count] = co_await socket_.async_read_some(asio::buffer(received_), as_result);
        if (ec)
            break;
        discarded += count;
    }
    error_code ignored;
    socket_.close(ignored);
}

}  // namespace penstock::transport
