#pragma once

#include <penstock/auth/principal.hpp>
#include <penstock/auth/user_table.hpp>
#include <penstock/io/asio.hpp>
#include <penstock/tls/context.hpp>
#include <penstock/transport/fallback.hpp>
#include <penstock/transport/handshake_gate.hpp>
#include <penstock/transport/link.hpp>
#include <penstock/transport/server_url.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace penstock::transport {

struct accept_settings {
    std::shared_ptr<const tls::context> tls;  ///< none: plain, behind a reverse proxy that does TLS
    std::string path{default_path};
    std::optional<auth::user_table> users;  ///< whose tokens are good
    bool client_certificates = false;       ///< a verified client certificate is an identity
    bool anonymous = false;                 ///< nobody has to prove anything
    transport::fallback fallback;           ///< for every request that is not for us
    std::string congestion = "auto";        ///< of the socket, as in dial_settings
    std::chrono::milliseconds tls_timeout{10'000};
    std::chrono::milliseconds request_timeout{10'000};
    std::chrono::milliseconds fallback_idle_timeout{60'000};
    std::size_t request_octets_max = 16 * 1024;  ///< of the request's head
    std::size_t request_fields_max = 64;
    /// Shared by all copies; a reload that makes new settings should carry it over.
    std::shared_ptr<handshake_gate> gate = std::make_shared<handshake_gate>();
};

struct accept_outcome {
    std::optional<transport::link> link;  ///< none: rejected, answered, logged and closed
    auth::principal who;                  ///< at the other end of the link
    std::string rejected;                 ///< why there is no link
};

/// Makes a link of an accepted connection: 1. a place in the gate, 2. TLS, 3. the HTTP request,
/// 4. path, subprotocol, version and identity, 5. 101; or else the fallback.
///
/// A connection that is no link is dealt with here to its end, fallback included; it is told as
/// `client.rejected peer=... reason=...`, bounded in rate. Never throws for the peer.
/// Lifetime: `settings` outlives the awaitable. Cancellation: terminal.
io::asio::awaitable<accept_outcome> accept(io::tcp::socket socket, const accept_settings& settings);

}  // namespace penstock::transport
