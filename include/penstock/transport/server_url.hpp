#pragma once

#include <penstock/base/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock::transport {

/// What the server answers upgrades on unless it is told otherwise.
inline constexpr std::string_view default_path = "/penstock";

/// Where a penstock server is: wss://host[:port][/path].
struct server_url {
    std::string host;  ///< a name in lower case, or an address without brackets
    std::uint16_t port = 443;
    std::string path{default_path};  ///< begins with '/', printable ASCII

    /// Which of the servers behind one balancer: goes out as the query "n". Empty: any of them.
    std::string node{};

    friend bool operator==(const server_url&, const server_url&) = default;
};

enum class url_errc {
    not_wss = 1,  ///< another scheme, or none
    insecure,     ///< ws:// or http://
    credentials,  ///< user@ or user:password@
    query,        ///< '?' or '#'
    bad_host,     ///< neither a name nor an address
    bad_port,     ///< not a number in 1..65535
    bad_path,     ///< spaces, controls or octets beyond ASCII
    not_proxy,    ///< of a proxy: another scheme, or a path
    tls_proxy,    ///< of a proxy: https://
    bad_login,    ///< of a proxy: user and password that no conversation could carry
};
[[nodiscard]] const boost::system::error_category& url_category() noexcept;
[[nodiscard]] error_code make_error_code(url_errc e) noexcept;

/// Errors: url_errc; the message says what to write instead. An empty path or "/" is default_path.
[[nodiscard]] result<server_url> parse_server_url(std::string_view text);

/// Whether `text` can be a node: 1 to 64 of A-Z a-z 0-9 - . _ (unreserved, RFC 3986 section 2.3).
[[nodiscard]] bool is_node_name(std::string_view text) noexcept;

/// "wss://host/path", with the port unless it is 443 and an IPv6 address in brackets.
[[nodiscard]] std::string to_string(const server_url& url);

/// The same without scheme and path: the Host field (RFC 9110 section 7.2).
[[nodiscard]] std::string authority_of(const server_url& url);

}  // namespace penstock::transport

template <>
struct boost::system::is_error_code_enum<penstock::transport::url_errc> : std::true_type {};
