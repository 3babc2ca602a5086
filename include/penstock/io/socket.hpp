#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>

#include <cstddef>
#include <string>

namespace penstock::io {

/// Closes with RST instead of FIN, so that the peer sees an abort and not an end (on a unix socket:
/// a plain close).
void reset(stream_socket& socket) noexcept;
void reset(tcp::socket& socket) noexcept;

/// The same descriptor as a TCP socket on the same executor; what it was made of stays what it is
/// (I/O works on a unix socket too, asking for its endpoints does not). `socket` is left closed.
/// Errors: the system's.
[[nodiscard]] result<tcp::socket> as_tcp(stream_socket socket);

/// The same connection on another context. Executor: call it on the old one's thread with no
/// operation pending, and use the result on the new one's only. Errors: the system's.
[[nodiscard]] result<stream_socket> moved_to(asio::io_context& context, stream_socket socket);
[[nodiscard]] result<tcp::socket> moved_to(asio::io_context& context, tcp::socket socket);

/// Small frames leave at once (Nagle's delay was 42 ms in the field); no error on a unix socket.
void set_no_delay(stream_socket& socket) noexcept;
void set_no_delay(tcp::socket& socket) noexcept;

/// "192.0.2.1:4711", "[2001:db8::1]:4711", "unix"; for the log.
[[nodiscard]] std::string peer_name(const stream_socket& socket);
[[nodiscard]] std::string peer_name(const tcp::socket& socket);
[[nodiscard]] std::string to_string(const tcp::endpoint& endpoint);

/// Whether the peer aborted (RST), which the other side of a relay has to be told as such.
[[nodiscard]] bool is_reset(const error_code& ec) noexcept;

/// Raises the soft limit of descriptors to the hard one; returns what is now allowed.
std::size_t raise_descriptor_limit() noexcept;

}  // namespace penstock::io
