#pragma once

#include <penstock/tls/context.hpp>

#include <string_view>
#include <vector>

#include "openssl.hpp"

namespace penstock::tls {

/// Credentials, read.
struct identity {
    x509_ptr certificate;
    key_ptr key;
    std::vector<x509_ptr> chain;  ///< intermediate certificates
};

/// Errors: bad_certificate, bad_key, encrypted_key, incomplete_credentials, key_mismatch, bad_p12,
/// wrong_p12_password.
[[nodiscard]] result<identity> read_identity(const credentials& from);

/// Every certificate in `pem`. Errors: `if_none`, also if one of several is garbled.
[[nodiscard]] result<std::vector<x509_ptr>> read_certificates(std::string_view pem, errc if_none);

}  // namespace penstock::tls
