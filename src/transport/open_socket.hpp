#pragma once

#include <penstock/transport/dial.hpp>

#include <optional>
#include <string>

#include "link_socket.hpp"

namespace penstock::transport {

struct opened_socket {
    std::optional<io::tcp::socket> socket;
    std::string peer_address;
    link_congestion congestion;
    dial_failure why;  ///< if there is no socket
};

/// Steps 1 to 3 of dial(): a connection at whose other end the server is.
/// Lifetime: the arguments outlive the awaitable. Cancellation: terminal.
io::asio::awaitable<opened_socket>
open_socket(const server_url& server, const dial_settings& settings, net::resolver& resolver);

}  // namespace penstock::transport
