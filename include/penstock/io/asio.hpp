#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

namespace penstock::io {

namespace asio = boost::asio;
using asio::ip::tcp;

using clock = std::chrono::steady_clock;

/// The one completion token: `auto [ec, n] = co_await socket.async_read_some(buffer, as_result);`
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// A connected client or target: TCP or a unix socket, both ends of a stream look the same to what
/// relays it.
using stream_socket = asio::generic::stream_protocol::socket;

}  // namespace penstock::io
