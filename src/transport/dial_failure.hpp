#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/transport/dial.hpp>

namespace penstock::transport {

/// "10 s", "1500 ms"
[[nodiscard]] std::string seconds_of(std::chrono::milliseconds time);

/// What a failed TLS handshake means. `ec` is channel::handshake()'s, `timed_out` whether the
/// deadline passed.
[[nodiscard]] dial_failure tls_failure(
    const server_url& server,
    const dial_settings& settings,
    const tls::engine& engine,
    const error_code& ec,
    bool timed_out
);

/// The same for the time between the upgrade request and its answer, where TLS 1.3 tells what it
/// thinks of our certificate.
[[nodiscard]] dial_failure upgrade_failure(
    const server_url& server,
    const dial_settings& settings,
    const tls::engine& engine,
    const error_code& ec,
    bool timed_out
);

[[nodiscard]] dial_failure
resolve_failure(const server_url& server, failure code, const std::string& detail);
[[nodiscard]] dial_failure
connect_failure(const server_url& server, failure code, const std::string& detail);

}  // namespace penstock::transport
