#include "pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

namespace penstock::pki {
namespace {

bio_ptr borrow(std::string_view text)
{
    return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// Instead of a prompt on the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*unused*/) { return -1; }

std::string content(BIO* bio)
{
    const char* data = nullptr;
    const auto length = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(length)};
}

}  // namespace

x509_ptr load_certificate(std::string_view pem)
{
    const auto bio = borrow(pem);
    x509_ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    ERR_clear_error();
    return certificate;
}

result<loaded> load(const key_pair& from)
{
    loaded out;
    out.certificate = load_certificate(from.certificate_pem);
    const auto bio = borrow(from.key_pem);
    out.key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    if (!out.certificate || !out.key)
        return errc::bad_authority;
    const bool match = X509_check_private_key(out.certificate.get(), out.key.get()) == 1;
    ERR_clear_error();
    if (!match)
        return errc::key_mismatch;
    return out;
}

result<key_pair> save(X509* certificate, EVP_PKEY* key)
{
    const bio_ptr certificate_bio(BIO_new(BIO_s_mem()));
    const bio_ptr key_bio(BIO_new(BIO_s_secmem()));
    if (!certificate_bio || !key_bio ||
        PEM_write_bio_X509(certificate_bio.get(), certificate) != 1 ||
        PEM_write_bio_PrivateKey(key_bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        ERR_clear_error();
        return errc::internal_error;
    }
    return key_pair{content(certificate_bio.get()), content(key_bio.get())};
}

}  // namespace penstock::pki
