#pragma once

#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace penstock::pki {

enum class errc {
    bad_name = 1,    ///< empty, longer than 64 characters, with controls, or no host name
    no_host,         ///< a server certificate without a name or address
    bad_validity,    ///< it ends before it begins
    bad_authority,   ///< the authority's certificate or key is not readable PEM
    key_mismatch,    ///< the key is not that of the certificate
    empty_password,  ///< a PKCS#12 store without a password protects nothing
    internal_error,  ///< OpenSSL failed, for want of memory or of randomness
};
[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] error_code make_error_code(errc e) noexcept;

/// From when to when a certificate is valid; `now` comes from the caller.
struct validity {
    std::chrono::system_clock::time_point not_before;
    std::chrono::system_clock::time_point not_after;
};

/// `lifetime` from `now` on; a clock that is five minutes behind takes it too.
[[nodiscard]] validity
valid_for(std::chrono::system_clock::time_point now, std::chrono::days lifetime) noexcept;

/// A certificate and its private key (PKCS#8), as PEM text. ECDSA P-256, signed with SHA-256.
struct key_pair {
    std::string certificate_pem;
    std::string key_pem;
};

/// Longest common name (X.520, ub-common-name).
inline constexpr std::size_t name_octets_max = 64;

/// A certificate authority that signs itself and may sign nothing but end entities.
[[nodiscard]] result<key_pair> make_authority(std::string_view name, validity valid);

/// For a TLS server that is reached by any of `hosts` (subject alternative names).
[[nodiscard]] result<key_pair>
make_server(const key_pair& authority, std::span<const host> hosts, validity valid);

/// For a client of that `name`: the common name is the identity that the server sees.
[[nodiscard]] result<key_pair>
make_client(const key_pair& authority, std::string_view name, validity valid);

/// A PKCS#12 store (RFC 7292) with key, certificate and authority, as browsers and phones take it:
/// AES-256 and SHA-256, none of the legacy ciphers. `name` is what the importing program shows.
[[nodiscard]] result<octets> make_p12(
    const key_pair& holder,
    std::string_view authority_pem,
    std::string_view name,
    const std::string& password
);

}  // namespace penstock::pki

template <>
struct boost::system::is_error_code_enum<penstock::pki::errc> : std::true_type {};
