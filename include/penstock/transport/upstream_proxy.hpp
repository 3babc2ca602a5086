#pragma once

#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>
#include <penstock/transport/server_url.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::transport {

/// What a proxy is told about us. Never printed.
struct proxy_login {
    std::string user;
    std::string password;
    std::string source;  ///< for an error: "the file that --upstream-proxy-auth-file names"
};

/// The proxy that stands between us and the server: it is asked for a connection, and what goes
/// through that is TLS to the server as ever.
struct upstream_proxy {
    enum class scheme : std::uint8_t { http, socks5 };

    scheme kind = scheme::http;
    std::string host;  ///< a name in lower case, or an address without brackets
    std::uint16_t port = 0;
    std::optional<proxy_login> login;
    std::string source = "--upstream-proxy";  ///< who named it, for an error: "https_proxy"

    /// Conversations that have a thread, of all lanes; copies of the settings share it.
    std::shared_ptr<std::atomic<unsigned>> talks = std::make_shared<std::atomic<unsigned>>(0);
};

/// Reads http://, socks5:// or socks5h://[user[:password]@]host[:port], or http without its scheme,
/// as the environment's https_proxy has it. The ports are 80 and 1080 where none is given; user and
/// password may hold %XX. The server's name is always resolved by the proxy.
/// Errors: url_errc; the message says what to write instead.
[[nodiscard]] result<upstream_proxy> parse_proxy_url(std::string_view text);

/// Whether `text` holds user or password; asked before any of it is repeated to a person.
[[nodiscard]] bool has_login(std::string_view text) noexcept;

/// Reads user:password; the user ends at the first colon (RFC 7617 section 2).
/// Errors: url_errc::bad_login.
[[nodiscard]] result<proxy_login> parse_login(std::string_view text);

/// "http://host:port", without user and password.
[[nodiscard]] std::string to_string(const upstream_proxy& proxy);
/// "host:port"
[[nodiscard]] std::string address_of(const upstream_proxy& proxy);

/// Servers that are reached without a proxy, as NO_PROXY lists them.
class proxy_exemptions {
public:
    /// A name with all names below it ("corp.example", ".corp.example", "*.corp.example"), an
    /// address, a network ("10.0.0.0/8") or "*", each but the last with ":port" if wanted. Networks
    /// and addresses are for servers that are given by address: nothing is resolved for them.
    /// False: `entry` is none of these.
    [[nodiscard]] bool add(std::string_view entry);
    /// Entries with commas or blanks between them. Returns the first that is none; the others
    /// count all the same.
    std::string_view add_list(std::string_view list);

    [[nodiscard]] bool covers(const server_url& server) const;

private:
    struct everything {};
    using network = std::variant<boost::asio::ip::network_v4, boost::asio::ip::network_v6>;
    struct entry {
        std::variant<everything, std::string, network> what;
        std::optional<std::uint16_t> port;
    };
    static std::optional<network> parse_network(std::string_view text);
    static bool matches(const entry& one, const host& server);

    std::vector<entry> entries_;
};

}  // namespace penstock::transport
