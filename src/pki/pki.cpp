#include <penstock/pki/pki.hpp>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

#include "pem.hpp"

namespace penstock::pki {
namespace {

struct extension {
    int nid;
    std::string value;  ///< in the syntax of x509v3_config(5)
};

bool is_name(std::string_view name)
{
    const auto printable = [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f;
    };
    return !name.empty() && name.size() <= name_octets_max && std::ranges::all_of(name, printable);
}

/// Wire: RFC 5280 section 4.1.2.2: positive, at most 20 octets; 127 random bits are unique.
bool set_serial(X509* certificate)
{
    std::array<std::uint8_t, 16> octets{};
    if (RAND_bytes(octets.data(), octets.size()) != 1)
        return false;
    octets[0] = static_cast<std::uint8_t>((octets[0] & 0x3f) | 0x40);
    const number_ptr number(BN_bin2bn(octets.data(), octets.size(), nullptr));
    return number &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_time(ASN1_TIME* to, std::chrono::system_clock::time_point at)
{
    return ASN1_TIME_set(to, std::chrono::system_clock::to_time_t(at)) != nullptr;
}

bool set_subject(X509* certificate, std::string_view name)
{
    if (name.empty())
        return true;
    return X509_NAME_add_entry_by_NID(
               X509_get_subject_name(certificate),
               NID_commonName,
               MBSTRING_UTF8,
               reinterpret_cast<const unsigned char*>(name.data()),
               static_cast<int>(name.size()),
               -1,
               0
           ) == 1;
}

bool add_extension(X509* certificate, X509* issuer, const extension& e)
{
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const extension_ptr made(X509V3_EXT_conf_nid(nullptr, &context, e.nid, e.value.c_str()));
    return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

/// A fresh key and a certificate for it. `signer` null: signed by itself.
result<key_pair> issue(
    std::string_view subject,
    validity valid,
    const loaded* signer,
    std::span<const extension> extensions
)
{
    if (valid.not_after <= valid.not_before)
        return errc::bad_validity;
    const key_ptr key(EVP_EC_gen("P-256"));
    const x509_ptr certificate(X509_new());
    auto* const c = certificate.get();
    if (!key || !certificate)
        return errc::internal_error;

    auto* const issuer = signer != nullptr ? signer->certificate.get() : c;
    bool good =
        X509_set_version(c, X509_VERSION_3) == 1 && set_serial(c) && set_subject(c, subject) &&
        X509_set_issuer_name(c, X509_get_subject_name(issuer)) == 1 &&
        set_time(X509_getm_notBefore(c), valid.not_before) &&
        set_time(X509_getm_notAfter(c), valid.not_after) && X509_set_pubkey(c, key.get()) == 1;
    for (const auto& e : extensions)
        good = good && add_extension(c, issuer, e);
    auto* const signing_key = signer != nullptr ? signer->key.get() : key.get();
    good = good && X509_sign(c, signing_key, EVP_sha256()) > 0;
    ERR_clear_error();
    if (!good)
        return errc::internal_error;
    return save(c, key.get());
}

}  // namespace

validity valid_for(std::chrono::system_clock::time_point now, std::chrono::days lifetime) noexcept
{
    return {now - std::chrono::minutes(5), now + lifetime};
}

result<key_pair> make_authority(std::string_view name, validity valid)
{
    if (!is_name(name))
        return errc::bad_name;
    const extension extensions[] = {
        {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"},
    };
    return issue(name, valid, nullptr, extensions);
}

result<key_pair> make_server(const key_pair& authority, std::span<const host> hosts, validity valid)
{
    if (hosts.empty())
        return errc::no_host;
    const auto signer = load(authority);
    if (!signer)
        return signer.error();

    std::string names;
    for (const auto& h : hosts) {
        // What is no host name would change the meaning of the list below.
        if (!parse_host(to_string(h)))
            return errc::bad_name;
        const bool is_address = std::holds_alternative<ip_address>(h);
        names +=
            (names.empty() ? "" : ",") + std::string(is_address ? "IP:" : "DNS:") + to_string(h);
    }
    // Names are in the extension; the subject is for people, and may be too long for a common name.
    const auto first = to_string(hosts.front());
    const bool fits = is_name(first);
    const extension extensions[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "serverAuth"},
        // RFC 5280 section 4.1.2.6: critical if the subject is empty.
        {NID_subject_alt_name, (fits ? "" : "critical,") + names},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
    };
    return issue(fits ? std::string_view(first) : std::string_view(), valid, &*signer, extensions);
}

result<key_pair> make_client(const key_pair& authority, std::string_view name, validity valid)
{
    if (!is_name(name))
        return errc::bad_name;
    const auto signer = load(authority);
    if (!signer)
        return signer.error();
    const extension extensions[] = {
        {NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature"},
        {NID_ext_key_usage, "clientAuth"},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid:always"},
    };
    return issue(name, valid, &*signer, extensions);
}

result<octets> make_p12(
    const key_pair& holder,
    std::string_view authority_pem,
    std::string_view name,
    const std::string& password
)
{
    if (password.empty())
        return errc::empty_password;
    const auto held = load(holder);
    if (!held)
        return held.error();
    const auto authority = load_certificate(authority_pem);
    if (!authority)
        return errc::bad_authority;

    // The defaults of OpenSSL 3: PBES2 with AES-256-CBC, MAC with SHA-256, 2048 rounds each.
    const auto chain = certificate_stack(authority.get());
    const p12_ptr store(PKCS12_create(
        password.c_str(),
        std::string(name).c_str(),
        held->key.get(),
        held->certificate.get(),
        chain.get(),
        NID_undef,
        NID_undef,
        0,
        0,
        0
    ));
    unsigned char* der = nullptr;
    const int length = store ? i2d_PKCS12(store.get(), &der) : -1;
    ERR_clear_error();
    if (length <= 0)
        return errc::internal_error;
    const std::unique_ptr<unsigned char, openssl_freed> owner(der);
    return octets(der, der + length);
}

}  // namespace penstock::pki
