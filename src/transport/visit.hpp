#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/http/message.hpp>
#include <penstock/transport/accept.hpp>

#include "channel.hpp"

namespace penstock::transport {

/// What a peer gets to take our last words and leave.
inline constexpr std::chrono::seconds farewell_timeout{2};

/// Answers a request that is not for us as settings.fallback says, and ends the connection.
/// `received` begins with the octets of `request` and what came behind them.
io::asio::awaitable<void> serve_fallback(
    io::tcp::socket& socket,
    channel& client,
    const accept_settings& settings,
    const http::request_head& request,
    flat_buffer received
);

/// A whole answer that ends the connection. `head_only` leaves the text out, for HEAD.
[[nodiscard]] std::string
encode_answer(std::string_view status, std::string_view text, bool head_only = false);

/// Writes a last answer and ends the connection within a bounded time.
io::asio::awaitable<void> say_and_close(io::tcp::socket& socket, channel& to, std::string answer);

/// The static folder: files below it, and nothing that a link leads out to or that is hidden.
io::asio::awaitable<void>
serve_file(channel& client, const static_folder& from, const http::request_head& request);

/// Copies octets both ways until both ends are done or nothing moves for too long.
io::asio::awaitable<void> proxy_to(
    io::tcp::socket& socket,
    channel& client,
    const io::tcp::endpoint& to,
    flat_buffer received,
    io::clock::duration idle_timeout
);

}  // namespace penstock::transport
