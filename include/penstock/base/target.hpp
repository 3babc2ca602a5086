#pragma once

#include <penstock/base/result.hpp>

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace penstock {

using ip_address = boost::asio::ip::address;

/// A name (lower case, no trailing dot) or an address. A literal address is never held as a name,
/// so that a rule for addresses cannot be passed by writing one where a name is expected.
using host = std::variant<std::string, ip_address>;

/// Where a client wants to go.
struct target {
    penstock::host host;
    std::uint16_t port = 0;

    friend bool operator==(const target&, const target&) = default;
};

/// Longest name on the wire (RFC 1928 section 5: one length octet).
inline constexpr std::size_t host_octets_max = 255;

enum class target_errc {
    empty_host = 1,  ///< no octet where a host is expected
    host_too_long,   ///< more than host_octets_max
    bad_host_octet,  ///< control, space, delimiter or non-ASCII octet in a name
    bad_host_label,  ///< empty label ("a..b") or a malformed bracketed address
    missing_port,    ///< "host" where "host:port" is needed
    bad_port,        ///< not a number in 1..65535
};
[[nodiscard]] const boost::system::error_category& target_category() noexcept;
[[nodiscard]] error_code make_error_code(target_errc e) noexcept;

/// Reads a name or literal address (IPv6 with or without brackets; a zone is refused), in the
/// canonical form above.
///
/// Numeric forms that only some resolvers take as IPv4 ("127.1", "0x7f.0.0.1", "2130706433") are
/// refused as bad_host_label, since they would pass a rule for names and be dialled as an address.
/// Errors: target_errc.
[[nodiscard]] result<host> parse_host(std::string_view text);

/// Reads "host:port" with IPv6 in brackets (RFC 9110 section 7.2, authority-form of RFC 9112
/// section 3.2.3). Errors: target_errc.
[[nodiscard]] result<target> parse_target(std::string_view text);

/// "name", "192.0.2.1" or "2001:db8::1" (no brackets).
[[nodiscard]] std::string to_string(const host& h);

/// "name:443", "192.0.2.1:443", "[2001:db8::1]:443".
[[nodiscard]] std::string to_string(const target& t);

/// IPv4 in its plain form where `address` is IPv4-mapped (RFC 4291 section 2.5.5.2), otherwise
/// unchanged.
[[nodiscard]] ip_address unmapped(const ip_address& address) noexcept;

}  // namespace penstock

template <>
struct boost::system::is_error_code_enum<penstock::target_errc> : std::true_type {};
