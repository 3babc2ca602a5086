#pragma once

#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>
#include <penstock/http/message.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace penstock::http {

enum class request_kind : std::uint8_t {
    tunnel,   ///< CONNECT
    forward,  ///< absolute-form http://
    answer,   ///< TRACE or OPTIONS with Max-Forwards: 0, which the proxy answers itself
};

/// What a client of a proxy wants.
struct proxy_request {
    request_kind kind = request_kind::tunnel;
    target destination;
    std::string path;  ///< for forward: the request target upstream, origin-form or "*"
};

/// Tells the forms of RFC 9112 section 3.2 apart. Anything that is meant for a web server is
/// refused: no page in a browser can make this port do something by naming it in a URL. Errors:
/// not_a_proxy_request, unsupported_scheme, bad_request_target, bad_host_field, body_in_connect.
[[nodiscard]] result<proxy_request> classify(const request_head& head);

struct basic_credentials {
    std::string user;
    std::string password;
};

/// The Proxy-Authorization field (RFC 7617; the user ends at the first colon); nothing if there is
/// none. Errors: bad_proxy_credentials.
[[nodiscard]] result<std::optional<basic_credentials>> proxy_credentials(const request_head& head);

/// Whether the client asks to turn this request into a WebSocket; the only upgrade that is passed
/// on.
[[nodiscard]] bool wants_websocket(const request_head& head);

/// Whether the request may be sent a second time when a kept connection turned out to be closed
/// (RFC 9110 section 9.2.2).
[[nodiscard]] bool is_idempotent(const request_head& head) noexcept;

}  // namespace penstock::http
