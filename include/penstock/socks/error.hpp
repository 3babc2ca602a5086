#pragma once

#include <penstock/base/result.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace penstock::socks {

/// Why a SOCKS conversation did not come to a request that can be opened.
enum class errc {
    // As a server: what the client did. Each one ends the connection, after its reply where there
    // is one.
    unsupported_version = 1,  ///< neither 4 nor 5 where the version is expected
    no_acceptable_method,     ///< none of the offered methods will do; answered 05 FF
    malformed_credentials,  ///< RFC 1929 message with another version, or an empty name or password
    wrong_credentials,      ///< the caller's verdict on name and password
    password_required,      ///< SOCKS4 has no password, and users are required here
    command_not_supported,  ///< BIND, UDP ASSOCIATE or an unknown one
    address_type_not_supported,  ///< ATYP is not 1, 3 or 4
    bad_destination,             ///< a host that no target can have, or port 0
    field_too_long,              ///< a NUL-terminated field of SOCKS4 without its NUL in time

    // As a client: what the proxy answered.
    bad_credentials_length,  ///< name and password are 1 to 255 octets each (RFC 1929 section 2)
    malformed_reply,         ///< not an answer of a SOCKS5 proxy
    methods_refused,         ///< the proxy takes none of our authentication methods
    credentials_refused,     ///< the proxy does not accept this name and password
    request_refused,         ///< client::refusal() has the reply code
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] error_code make_error_code(errc e) noexcept;

/// A person's words for a reply code of RFC 1928 section 6.
[[nodiscard]] std::string_view describe_reply(std::uint8_t reply) noexcept;

}  // namespace penstock::socks

template <>
struct boost::system::is_error_code_enum<penstock::socks::errc> : std::true_type {};
