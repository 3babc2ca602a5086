#pragma once

#include <penstock/transport/dial.hpp>

#include <chrono>
#include <optional>

namespace penstock::transport {

struct passed_proxy {
    std::optional<io::tcp::socket> socket;  ///< the server is at its other end; nothing was read
    dial_failure why;                       ///< if there is no socket
};

/// Asks `proxy`, to which `socket` is connected, for a connection to `server`: with CONNECT
/// (RFC 9110 section 9.3.6), or as SOCKS5 has it (RFC 1928). The server's name is resolved there.
///
/// `timeout` is for all of it, the proxy's own dial included.
/// Lifetime: proxy and server outlive the awaitable. Cancellation: terminal; the connection ends.
io::asio::awaitable<passed_proxy> pass_proxy(
    io::tcp::socket socket,
    const upstream_proxy& proxy,
    const server_url& server,
    std::chrono::milliseconds timeout
);

}  // namespace penstock::transport
