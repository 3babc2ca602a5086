#pragma once

#include <penstock/io/asio.hpp>
#include <penstock/tls/context.hpp>
#include <penstock/transport/link.hpp>
#include <penstock/transport/server_url.hpp>
#include <penstock/transport/upstream_proxy.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace penstock::net {
class resolver;
}

namespace penstock::transport {

struct dial_settings {
    std::shared_ptr<const tls::context> tls;  ///< whom to trust, and our certificate
    std::string server_name;                  ///< verified instead of the URL's host; empty: that
    std::string token;                        ///< sent as a bearer token; empty: none
    std::string congestion = "auto";          ///< of the socket: a name, or as auto_congestion says
    std::optional<upstream_proxy> proxy;  ///< asked for a connection to every server but `direct`
    proxy_exemptions direct;
    /// Where the server was last; nothing is resolved. Not used with a proxy.
    std::optional<io::tcp::endpoint> address;
    /// After so long without an answer the same addresses are tried once more beside the attempts
    /// that wait, up to connects_max in all: a SYN that was lost costs no more than this. 0: never.
    std::chrono::milliseconds connect_again{0};
    static constexpr std::size_t connects_max = 5;
    std::chrono::milliseconds resolve_timeout{10'000};
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds proxy_timeout{10'000};  ///< with the proxy's own dial
    std::chrono::milliseconds tls_timeout{10'000};
    std::chrono::milliseconds upgrade_timeout{10'000};
};

enum class dial_step : std::uint8_t { resolve, tcp, proxy, tls, upgrade, auth };
[[nodiscard]] std::string_view to_string(dial_step step) noexcept;

/// Why there is no link, for a person: what went wrong at which step, and what to do about it.
struct dial_failure {
    dial_step step = dial_step::resolve;
    std::string cause{};
    std::string remedy{};                      ///< empty if there is nothing to suggest
    std::chrono::milliseconds retry_after{0};  ///< what the server asked for (Retry-After)
    bool refused = false;   ///< the server knows us and says no: asking again will not help
    bool by_proxy = false;  ///< the proxy was reached, and has not passed us on

    /// "tls: the certificate is for "y", not "x" (use --server-name y, or ...)"
    [[nodiscard]] std::string text() const;
};

struct dial_outcome {
    std::optional<transport::link> link;
    dial_failure why;  ///< if there is no link
};

/// The proxy that dial() goes through to `server`; null: none.
[[nodiscard]] const upstream_proxy*
proxy_for(const server_url& server, const dial_settings& settings) noexcept;

/// Makes a link: 1. resolve, 2. connect (RFC 8305), both to the proxy if there is one, which 3. is
/// asked for the server, 4. TLS, 5. WebSocket upgrade with our subprotocol and identity.
///
/// Each step has its deadline; one that passes closes the socket. Never throws for the network.
/// Lifetime: the arguments outlive the awaitable. Cancellation: terminal.
io::asio::awaitable<dial_outcome>
dial(const server_url& server, const dial_settings& settings, net::resolver& resolver);

}  // namespace penstock::transport
