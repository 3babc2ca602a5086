#pragma once

#include <penstock/auth/principal.hpp>
#include <penstock/http/message.hpp>
#include <penstock/tls/certificate.hpp>
#include <penstock/transport/dial.hpp>

#include <optional>
#include <string>
#include <string_view>

// The HTTP upgrade of RFC 6455 section 4, both sides of it, without a socket.

namespace penstock::transport {

struct accept_settings;

/// The version of our protocol (PROTOCOL.md): offered by the client, confirmed by the server.
inline constexpr std::string_view subprotocol = "penstock.v1";

/// What Sec-WebSocket-Accept answers to Sec-WebSocket-Key (RFC 6455 section 4.2.2).
[[nodiscard]] std::string websocket_accept(std::string_view key);

/// A fresh Sec-WebSocket-Key: 16 random octets in base64.
[[nodiscard]] std::string make_websocket_key();

/// The client's request. An empty `token` sends no Authorization.
[[nodiscard]] std::string
encode_upgrade_request(const server_url& server, std::string_view key, std::string_view token);

/// Nothing if the response completes the upgrade that was asked for with `key`, else why not.
[[nodiscard]] std::optional<dial_failure> judge_response(
    const http::response_head& response,
    const server_url& server,
    std::string_view key,
    bool token_sent
);

/// What the server makes of a request.
struct upgrade_verdict {
    enum class kind : std::uint8_t {
        accepted,
        unauthorised,   ///< 401: it speaks our protocol and has not proved who it is
        wrong_version,  ///< 426: another version of WebSocket
        stranger,       ///< anything else: it must not learn that there is a penstock server
    };
    kind what = kind::stranger;
    auth::principal who{};   ///< if accepted
    std::string response{};  ///< the whole response; empty for a stranger, who gets the fallback
    std::string reason{};    ///< for the log; empty if accepted
};
[[nodiscard]] upgrade_verdict judge_request(
    const http::request_head& request,
    const accept_settings& settings,
    const std::optional<tls::certificate>& client
);

}  // namespace penstock::transport
