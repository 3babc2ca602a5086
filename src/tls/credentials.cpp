#include "credentials.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <utility>

namespace penstock::tls {
namespace {

/// Stands in for OpenSSL's prompt on the terminal: notes that a passphrase is wanted, gives none.
int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* wanted) noexcept
{
    *static_cast<bool*>(wanted) = true;
    return -1;
}

result<key_ptr> read_key(std::string_view pem)
{
    bool passphrase_wanted = false;
    const auto bio = borrow(pem);
    key_ptr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse_passphrase, &passphrase_wanted));
    ERR_clear_error();
    if (!key)
        return passphrase_wanted ? errc::encrypted_key : errc::bad_key;
    return key;
}

result<identity> read_pem(const credentials& from)
{
    if (from.certificate_pem.empty() || from.key_pem.empty())
        return errc::incomplete_credentials;
    auto all = read_certificates(from.certificate_pem, errc::bad_certificate);
    if (!all)
        return all.error();
    auto key = read_key(from.key_pem);
    if (!key)
        return key.error();

    identity out;
    out.certificate = std::move(all->front());
    out.key = std::move(*key);
    all->erase(all->begin());
    out.chain = std::move(*all);
    return out;
}

result<identity> read_p12(const credentials& from)
{
    const auto* at = from.p12.data();
    const p12_ptr store(d2i_PKCS12(nullptr, &at, static_cast<long>(from.p12.size())));
    ERR_clear_error();
    if (!store)
        return errc::bad_p12;

    // An empty password is stored in two ways, as no password and as one without characters.
    const auto* password = from.p12_password.c_str();
    const bool matches =
        PKCS12_verify_mac(store.get(), password, -1) == 1 ||
        (from.p12_password.empty() && PKCS12_verify_mac(store.get(), nullptr, 0) == 1);
    ERR_clear_error();
    if (!matches)
        return errc::wrong_p12_password;

    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    STACK_OF(X509)* chain = nullptr;
    const bool parsed = PKCS12_parse(store.get(), password, &key, &certificate, &chain) == 1;
    ERR_clear_error();
    identity out;
    out.key.reset(key);
    out.certificate.reset(certificate);
    const x509_stack_ptr rest(chain);
    if (!parsed || !out.key || !out.certificate)
        return errc::bad_p12;
    while (rest && sk_X509_num(rest.get()) > 0)
        out.chain.emplace_back(sk_X509_shift(rest.get()));
    return out;
}

}  // namespace

result<std::vector<x509_ptr>> read_certificates(std::string_view pem, errc if_none)
{
    std::vector<x509_ptr> out;
    const auto bio = borrow(pem);
    while (X509* const one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
        out.emplace_back(one);
    // The loop ends with an error in any case; "no further PEM block" is the good one.
    const auto last = ERR_peek_last_error();
    ERR_clear_error();
    if (out.empty() || ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
        return if_none;
    return out;
}

result<identity> read_identity(const credentials& from)
{
    auto out = from.certificate_pem.empty() && !from.p12.empty() ? read_p12(from) : read_pem(from);
    if (out && X509_check_private_key(out->certificate.get(), out->key.get()) != 1) {
        ERR_clear_error();
        return errc::key_mismatch;
    }
    return out;
}

}  // namespace penstock::tls
