#pragma once

#include <penstock/http/body.hpp>
#include <penstock/http/message.hpp>
#include <penstock/http/proxy_request.hpp>

#include <string>

namespace penstock::http {

/// The head to send upstream: origin-form, Host made from the target, hop-by-hop fields and proxy
/// credentials left behind, Via added, framed as `body` says. No X-Forwarded-For: a user's own
/// gateway tells nobody who asked. `websocket` passes the upgrade on (see wants_websocket()).
[[nodiscard]] std::string encode_forwarded_request(
    const request_head& head, const proxy_request& request, const body_framing& body, bool websocket
);

enum class after_response : std::uint8_t { keep_alive, close, upgrade };

/// The head to send to the client, likewise. `keep_chunks` as for body_reader.
[[nodiscard]] std::string encode_forwarded_response(
    const response_head& head, const body_framing& body, bool keep_chunks, after_response next
);

/// The proxy's own answer to request_kind::answer (RFC 9110 section 7.6.2): the request itself
/// without its secrets for TRACE, an empty one for OPTIONS.
[[nodiscard]] std::string encode_final_answer(const request_head& head, after_response next);

/// "HTTP/1.1 200 ..." to CONNECT: no field says anything about a body (RFC 9110 section 9.3.6).
[[nodiscard]] std::string_view tunnel_established() noexcept;

}  // namespace penstock::http
