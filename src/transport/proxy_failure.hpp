#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/transport/dial.hpp>

#include <chrono>
#include <string>

namespace penstock::transport {

struct connect_answer;

// What went wrong at the proxy, in the words of dial_failure; all are dial_step::proxy.

[[nodiscard]] dial_failure
proxy_resolve_failure(const upstream_proxy& proxy, failure code, const std::string& detail);
[[nodiscard]] dial_failure
proxy_connect_failure(const upstream_proxy& proxy, const std::string& detail);
[[nodiscard]] dial_failure proxy_silent(
    const upstream_proxy& proxy, const server_url& server, std::chrono::milliseconds timeout
);
[[nodiscard]] dial_failure proxy_unusable(const upstream_proxy& proxy, const std::string& detail);
[[nodiscard]] dial_failure too_many_talks(const upstream_proxy& proxy);

/// A CONNECT that did not lead to a connection.
[[nodiscard]] dial_failure connect_refusal(
    const upstream_proxy& proxy, const server_url& server, const connect_answer& answer
);

/// A SOCKS conversation that did not. `refusal` is socks::client's.
[[nodiscard]] dial_failure socks_failure(
    const upstream_proxy& proxy,
    const server_url& server,
    const error_code& ec,
    std::uint8_t refusal
);

}  // namespace penstock::transport
