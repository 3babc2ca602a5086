#pragma once

#include <penstock/pki/pki.hpp>

#include "openssl.hpp"

namespace penstock::pki {

/// A key pair, read.
struct loaded {
    x509_ptr certificate;
    key_ptr key;
};

/// Errors: bad_authority, key_mismatch.
[[nodiscard]] result<loaded> load(const key_pair& from);

/// Null if there is none.
[[nodiscard]] x509_ptr load_certificate(std::string_view pem);

/// Errors: internal_error.
[[nodiscard]] result<key_pair> save(X509* certificate, EVP_PKEY* key);

}  // namespace penstock::pki
