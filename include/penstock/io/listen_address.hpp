#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace penstock::io {

/// Where a listener binds: a TCP endpoint or the path of a unix socket.
using listen_address = std::variant<tcp::endpoint, asio::local::stream_protocol::endpoint>;

/// Reads "127.0.0.1:1080", "[::1]:1080", ":1080" (loopback), "localhost:1080" (loopback) or
/// "unix:/run/x.sock". Port 0 is allowed. Errors: target_errc.
[[nodiscard]] result<listen_address> parse_listen_address(std::string_view text);

/// The same text, as it is logged: "127.0.0.1:1080", "[::1]:1080", "unix:/run/x.sock".
[[nodiscard]] std::string to_string(const listen_address& address);

/// Whether only this machine can reach it: a unix socket, or an address of 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_local(const listen_address& address) noexcept;

}  // namespace penstock::io
