#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <memory>

namespace penstock::pki {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* p) const noexcept
    {
        Free(p);
    }
};

struct openssl_freed {
    void operator()(void* p) const noexcept { OPENSSL_free(p); }
};
inline void free_stack(STACK_OF(X509) * stack) noexcept { sk_X509_free(stack); }

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using p12_ptr = std::unique_ptr<PKCS12, freed_by<PKCS12_free>>;
using borrowed_stack_ptr = std::unique_ptr<STACK_OF(X509), freed_by<free_stack>>;

/// A stack of one certificate, which it borrows. Null: out of memory.
inline borrowed_stack_ptr certificate_stack(X509* certificate)
{
    borrowed_stack_ptr stack(sk_X509_new_null());
    if (stack && sk_X509_push(stack.get(), certificate) == 0)
        stack.reset();
    return stack;
}

}  // namespace penstock::pki
