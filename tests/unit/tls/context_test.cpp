#define BOOST_TEST_MODULE tls
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "pair.hpp"

namespace {

using namespace tls_test;
namespace data = boost::unit_test::data;

std::string encrypted_key()
{
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
    const char* text = nullptr;
    const auto length = BIO_get_mem_data(bio, &text);
    std::string out(text, static_cast<std::size_t>(length));
    BIO_free(bio);
    EVP_PKEY_free(key);
    return out;
}

/// A self-signed certificate with a key that is too short for today.
tls::credentials weak_credentials()
{
    EVP_PKEY* const key = EVP_RSA_gen(1024);
    X509* const certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    BIO* const certificate_bio = BIO_new(BIO_s_mem());
    BIO* const key_bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(certificate_bio, certificate);
    PEM_write_bio_PrivateKey(key_bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    const char* text = nullptr;
    tls::credentials out;
    auto length = BIO_get_mem_data(certificate_bio, &text);
    out.certificate_pem.assign(text, static_cast<std::size_t>(length));
    length = BIO_get_mem_data(key_bio, &text);
    out.key_pem.assign(text, static_cast<std::size_t>(length));
    BIO_free(certificate_bio);
    BIO_free(key_bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return out;
}

std::string broken(std::string pem)
{
    pem[pem.size() / 2] = '!';
    return pem;
}

struct wrong {
    std::string_view what;
    tls::credentials own;
    tls::errc expected;

    friend std::ostream& operator<<(std::ostream& os, const wrong& w) { return os << w.what; }
};

std::vector<wrong> wrong_credentials()
{
    const auto& k = keys::get();
    const auto& server = k.server;
    const auto p12 = *pki::make_p12(k.client, k.authority.certificate_pem, "alice", "s3cret");
    auto cut = p12;
    cut.resize(cut.size() / 2);
    return {
        {"nothing", {}, tls::errc::incomplete_credentials},
        {"no key", {server.certificate_pem, "", {}, {}}, tls::errc::incomplete_credentials},
        {"no certificate", {"", server.key_pem, {}, {}}, tls::errc::incomplete_credentials},
        {"not PEM", {"hello", server.key_pem, {}, {}}, tls::errc::bad_certificate},
        {"garbled",
         {broken(server.certificate_pem), server.key_pem, {}, {}},
         tls::errc::bad_certificate},
        {"garbled chain",
         {server.certificate_pem + broken(server.certificate_pem), server.key_pem, {}, {}},
         tls::errc::bad_certificate},
        {"key not PEM", {server.certificate_pem, "hello", {}, {}}, tls::errc::bad_key},
        {"key garbled", {server.certificate_pem, broken(server.key_pem), {}, {}}, tls::errc::bad_key
        },
        {"passphrase", {server.certificate_pem, encrypted_key(), {}, {}}, tls::errc::encrypted_key},
        {"other key", {server.certificate_pem, k.client.key_pem, {}, {}}, tls::errc::key_mismatch},
        {"RSA of 1024 bits", weak_credentials(), tls::errc::weak_key},
        {"p12 garbage", {"", "", to_octets("hello"), "x"}, tls::errc::bad_p12},
        {"p12 cut", {"", "", cut, "s3cret"}, tls::errc::bad_p12},
        {"p12 password", {"", "", p12, "guess"}, tls::errc::wrong_p12_password},
        {"p12 no password", {"", "", p12, ""}, tls::errc::wrong_p12_password},
    };
}

BOOST_AUTO_TEST_SUITE(context)

BOOST_DATA_TEST_CASE(refuses_wrong_credentials, data::make(wrong_credentials()), w)
{
    auto server = server_settings();
    server.own = w.own;
    BOOST_TEST(tls::context::make_server(server).error() == error_code(w.expected));
    auto client = client_settings();
    client.own = w.own;
    if (!w.own.empty())
        BOOST_TEST(tls::context::make_client(client).error() == error_code(w.expected));
    BOOST_TEST(ERR_peek_error() == 0U);
}

BOOST_AUTO_TEST_CASE(takes_pem_p12_and_both_in_one_text)
{
    const auto& k = keys::get();
    auto client = client_settings();
    client.own.p12 = *pki::make_p12(k.client, k.authority.certificate_pem, "alice", "s3cret");
    client.own.p12_password = "s3cret";
    BOOST_TEST((*tls::context::make_client(client))->own()->common_name == "alice");

    const auto both = k.client.key_pem + k.client.certificate_pem + k.authority.certificate_pem;
    client.own = {both, both, {}, {}};
    BOOST_TEST((*tls::context::make_client(client))->own()->common_name == "alice");
}

BOOST_AUTO_TEST_CASE(tells_its_own_certificate)
{
    const auto& k = keys::get();
    const auto made = *tls::context::make_server(server_settings());
    const auto& own = made->own();
    BOOST_TEST_REQUIRE(own.has_value());
    BOOST_TEST(own->issuer_name == "Penstock test CA");
    BOOST_TEST(own->dns_names.at(0) == "a.example");
    BOOST_TEST(own->addresses.at(0) == "192.0.2.7");
    BOOST_TEST((own->not_after == std::chrono::floor<std::chrono::seconds>(k.valid.not_after)));
    BOOST_TEST((own->not_before == std::chrono::floor<std::chrono::seconds>(k.valid.not_before)));
    BOOST_TEST(!(*tls::context::make_client(client_settings()))->own().has_value());
}

BOOST_AUTO_TEST_CASE(refuses_wrong_authorities)
{
    auto client = client_settings();
    client.ca_pem = "hello";
    BOOST_TEST(tls::context::make_client(client).error() == error_code(tls::errc::bad_ca));
    client.ca_pem = broken(keys::get().authority.certificate_pem);
    BOOST_TEST(tls::context::make_client(client).error() == error_code(tls::errc::bad_ca));
    auto server = mutual(tls::client_certificate::optional);
    server.client_ca_pem.clear();
    BOOST_TEST(tls::context::make_server(server).error() == error_code(tls::errc::bad_ca));
}

BOOST_AUTO_TEST_CASE(refuses_to_show_a_key_to_an_unverified_server)
{
    auto client = client_settings();
    client.verify = false;
    BOOST_TEST(tls::context::make_client(client).has_value());
    client.own = credentials_of(keys::get().client);
    BOOST_TEST(
        tls::context::make_client(client).error() == error_code(tls::errc::insecure_with_key)
    );
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_server_name)
{
    const auto made = *tls::context::make_client(client_settings());
    for (const auto* name : {"", "a b", "a..b", "[::1", "127.1"})
        BOOST_TEST(
            tls::engine::client(*made, name).error() == error_code(tls::errc::bad_server_name)
        );
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
