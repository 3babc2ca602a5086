#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/io/asio.hpp>
#include <penstock/tls/engine.hpp>

#include <optional>

namespace penstock::transport {

/// A socket with or without TLS, for the few exchanges before a link is made. The caller sets the
/// deadlines; one that passes closes the socket.
///
/// Order: for TLS handshake(); then read() and write(); finish() if it does not become a link.
/// Lifetime: borrows the socket and the engine, which hold nothing of the channel once read() has
/// completed.
class channel {
public:
    channel(io::tcp::socket& socket, std::optional<tls::engine>& tls) noexcept;

    /// Waits for the first octets of a peer that speaks first, and tells the very first.
    /// Errors: eof, those of the socket.
    io::asio::awaitable<result<std::uint8_t>> listen();

    /// Errors: tls::errc, eof, those of the socket.
    io::asio::awaitable<error_code> handshake();

    /// Appends what comes, at least one octet and not much more than a read of the socket gives.
    /// Errors: eof (also for close_notify), tls::errc, those of the socket.
    io::asio::awaitable<error_code> read(flat_buffer& into);

    io::asio::awaitable<error_code> write(byte_view plaintext);

    /// From now on read() and write() may be pending at the same time: what read() has to send
    /// waits for the next write().
    void begin_duplex() noexcept { duplex_ = true; }

    /// Ends our direction and waits for the end of the peer's, so that unread octets of it do not
    /// turn our last answer into a reset.
    io::asio::awaitable<void> finish();
    /// Ends our direction only.
    io::asio::awaitable<void> shutdown();

private:
    io::asio::awaitable<error_code> receive();
    io::asio::awaitable<error_code> flush();

    io::tcp::socket& socket_;
    std::optional<tls::engine>& tls_;
    octets received_;      ///< lent to the engine until it says "not yet"
    flat_buffer to_send_;  ///< made by the engine
    flat_buffer sending_;
    bool duplex_ = false;
};

}  // namespace penstock::transport
