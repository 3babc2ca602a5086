#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string_view>

namespace penstock::tls {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* p) const noexcept
    {
        Free(p);
    }
};

inline void free_certificates(STACK_OF(X509) * all) noexcept { sk_X509_pop_free(all, X509_free); }
inline void free_general_names(GENERAL_NAMES* all) noexcept { GENERAL_NAMES_free(all); }

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using x509_stack_ptr = std::unique_ptr<STACK_OF(X509), freed_by<free_certificates>>;
using general_names_ptr = std::unique_ptr<GENERAL_NAMES, freed_by<free_general_names>>;
using p12_ptr = std::unique_ptr<PKCS12, freed_by<PKCS12_free>>;
using ssl_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;

/// A read-only BIO over `text`, which it borrows.
inline bio_ptr borrow(std::string_view text) noexcept
{
    return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace penstock::tls
