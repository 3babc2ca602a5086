#pragma once

#include <penstock/base/result.hpp>

namespace penstock::tls {

/// What is wrong with our own material, and why a TLS connection failed.
enum class errc {
    // Making a context. The caller knows which file the text came from.
    incomplete_credentials = 1,  ///< a certificate without its key, or the other way round
    bad_certificate,             ///< not a PEM certificate
    bad_key,                     ///< not a PEM private key
    encrypted_key,               ///< a key that needs a passphrase
    key_mismatch,                ///< the key is not that of the certificate
    weak_key,                    ///< refused by OpenSSL's security level
    bad_ca,                      ///< no PEM certificate among the trusted ones
    bad_p12,                     ///< not a PKCS#12 store with a key and its certificate
    wrong_p12_password,
    insecure_with_key,  ///< an unverified server would be given our identity
    bad_server_name,    ///< neither a name nor an address

    // Verifying the peer.
    unknown_ca,  ///< not signed by a trusted authority
    certificate_expired,
    certificate_not_yet_valid,
    wrong_host_name,       ///< no subject alternative name matches
    wrong_purpose,         ///< extended key usage says that it is for something else
    certificate_rejected,  ///< any other reason of X509_verify_cert
    certificate_required,  ///< we ask for a client certificate, the client gave none

    // What the peer says or does.
    peer_refused_certificate,  ///< the peer's alert is about our certificate
    peer_wants_certificate,    ///< the server asks for a client certificate, we have none
    not_tls,                   ///< what arrived is not TLS at all
    no_common_parameters,      ///< version, cipher, group or ALPN
    protocol_error,            ///< anything else: broken records, unexpected messages, other alerts
    closed,                    ///< close_notify: the peer has ended cleanly
    internal_error,            ///< OpenSSL failed for a reason of its own
};
[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] error_code make_error_code(errc e) noexcept;

}  // namespace penstock::tls

template <>
struct boost::system::is_error_code_enum<penstock::tls::errc> : std::true_type {};
