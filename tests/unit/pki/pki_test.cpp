#define BOOST_TEST_MODULE pki
#include <penstock/pki/pki.hpp>

#include <boost/test/unit_test.hpp>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <memory>
#include <vector>

namespace {

namespace pki = penstock::pki;
using namespace std::chrono_literals;
using penstock::error_code;
using penstock::parse_host;

using x509_ptr = std::unique_ptr<X509, decltype([](X509* p) { X509_free(p); })>;
using key_ptr = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* p) { EVP_PKEY_free(p); })>;

const auto now =
    std::chrono::system_clock::time_point(std::chrono::sys_days{std::chrono::year(2031) / 5 / 17});
const auto valid = pki::valid_for(now, std::chrono::days(10));

x509_ptr read(const std::string& pem)
{
    BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    x509_ptr out(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
    BIO_free(bio);
    return out;
}

key_ptr read_key(const std::string& pem)
{
    BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    key_ptr out(PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr));
    BIO_free(bio);
    return out;
}

/// X509_V_OK or why `leaf` is not good for `purpose` at `at`.
int verify(
    const std::string& leaf,
    const std::string& authority,
    int purpose,
    std::chrono::system_clock::time_point at,
    const char* name = nullptr,
    const char* address = nullptr
)
{
    const auto certificate = read(leaf);
    const auto trusted = read(authority);
    X509_STORE* const store = X509_STORE_new();
    X509_STORE_add_cert(store, trusted.get());
    X509_STORE_CTX* const context = X509_STORE_CTX_new();
    X509_STORE_CTX_init(context, store, certificate.get(), nullptr);
    X509_STORE_CTX_set_purpose(context, purpose);
    auto* const param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, std::chrono::system_clock::to_time_t(at));
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (name != nullptr)
        X509_VERIFY_PARAM_set1_host(param, name, 0);
    if (address != nullptr)
        X509_VERIFY_PARAM_set1_ip_asc(param, address);
    X509_verify_cert(context);
    const int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return error;
}

struct made {
    pki::key_pair authority = *pki::make_authority("Penstock test CA", valid);

    pki::key_pair server(const std::vector<std::string>& hosts, pki::validity v = valid) const
    {
        std::vector<penstock::host> parsed;
        for (const auto& h : hosts)
            parsed.push_back(*parse_host(h));
        return *pki::make_server(authority, parsed, v);
    }
};

BOOST_FIXTURE_TEST_SUITE(certificates, made)

BOOST_AUTO_TEST_CASE(server_is_good_for_each_of_its_names)
{
    const auto s = server({"tunnel.example", "www.example", "192.0.2.7", "2001:db8::7"});
    const auto check = [&](const char* name, const char* address) {
        return verify(
            s.certificate_pem,
            authority.certificate_pem,
            X509_PURPOSE_SSL_SERVER,
            now,
            name,
            address
        );
    };
    BOOST_TEST(check("tunnel.example", nullptr) == X509_V_OK);
    BOOST_TEST(check("www.example", nullptr) == X509_V_OK);
    BOOST_TEST(check(nullptr, "192.0.2.7") == X509_V_OK);
    BOOST_TEST(check(nullptr, "2001:db8::7") == X509_V_OK);
    BOOST_TEST(check("other.example", nullptr) == X509_V_ERR_HOSTNAME_MISMATCH);
    BOOST_TEST(check(nullptr, "192.0.2.8") == X509_V_ERR_IP_ADDRESS_MISMATCH);
}

BOOST_AUTO_TEST_CASE(name_longer_than_a_common_name)
{
    const std::string label(60, 'a');
    const auto name = label + '.' + label + ".example";
    const auto s = server({name});
    BOOST_TEST(
        verify(
            s.certificate_pem, authority.certificate_pem, X509_PURPOSE_SSL_SERVER, now, name.c_str()
        ) == X509_V_OK
    );
}

BOOST_AUTO_TEST_CASE(purposes_are_kept_apart)
{
    const auto client = *pki::make_client(authority, "alice", valid);
    const auto s = server({"a.example"});
    const auto check = [&](const pki::key_pair& leaf, int purpose) {
        return verify(leaf.certificate_pem, authority.certificate_pem, purpose, now);
    };
    BOOST_TEST(check(client, X509_PURPOSE_SSL_CLIENT) == X509_V_OK);
    BOOST_TEST(check(s, X509_PURPOSE_SSL_SERVER) == X509_V_OK);
    BOOST_TEST(check(client, X509_PURPOSE_SSL_SERVER) == X509_V_ERR_INVALID_PURPOSE);
    BOOST_TEST(check(s, X509_PURPOSE_SSL_CLIENT) == X509_V_ERR_INVALID_PURPOSE);
}

BOOST_AUTO_TEST_CASE(validity_is_what_was_asked_for)
{
    const auto s = server({"a.example"});
    const auto at = [&](std::chrono::system_clock::time_point when) {
        return verify(s.certificate_pem, authority.certificate_pem, X509_PURPOSE_SSL_SERVER, when);
    };
    BOOST_TEST(at(now - 4min) == X509_V_OK);
    BOOST_TEST(at(now - 6min) == X509_V_ERR_CERT_NOT_YET_VALID);
    BOOST_TEST(at(now + 10 * 24h - 1min) == X509_V_OK);
    BOOST_TEST(at(now + 10 * 24h + 1min) == X509_V_ERR_CERT_HAS_EXPIRED);

    const auto expired = server({"a.example"}, {now - 2h, now - 1h});
    BOOST_TEST(
        verify(expired.certificate_pem, authority.certificate_pem, X509_PURPOSE_SSL_SERVER, now) ==
        X509_V_ERR_CERT_HAS_EXPIRED
    );
}

BOOST_AUTO_TEST_CASE(another_authority_is_not_trusted)
{
    const auto other = *pki::make_authority("Penstock test CA", valid);
    const auto s = server({"a.example"});
    BOOST_TEST(
        verify(s.certificate_pem, other.certificate_pem, X509_PURPOSE_SSL_SERVER, now) != X509_V_OK
    );
}

BOOST_AUTO_TEST_CASE(a_leaf_signs_nothing)
{
    const auto s = server({"a.example"});
    const auto forged = *pki::make_client(s, "mallory", valid);
    BOOST_TEST(
        verify(forged.certificate_pem, s.certificate_pem, X509_PURPOSE_SSL_CLIENT, now) != X509_V_OK
    );
}

BOOST_AUTO_TEST_CASE(keys_are_p256_and_fresh)
{
    const auto a = *pki::make_client(authority, "alice", valid);
    const auto b = *pki::make_client(authority, "alice", valid);
    const auto certificate = read(a.certificate_pem);
    const auto key = read_key(a.key_pem);
    BOOST_TEST(X509_check_private_key(certificate.get(), key.get()) == 1);
    BOOST_TEST(EVP_PKEY_get_bits(key.get()) == 256);
    BOOST_TEST(EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_EC);
    BOOST_TEST(a.key_pem != b.key_pem);
    BOOST_TEST(a.key_pem.starts_with("-----BEGIN PRIVATE KEY-----"));

    const auto other = read(b.certificate_pem);
    const auto* const serial = X509_get0_serialNumber(certificate.get());
    BOOST_TEST(ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(other.get())) != 0);
    BOOST_TEST(ASN1_STRING_length(serial) == 16);
}

BOOST_AUTO_TEST_CASE(p12_opens_with_its_password_only)
{
    const auto client = *pki::make_client(authority, "alice", valid);
    const auto blob = *pki::make_p12(client, authority.certificate_pem, "alice", "s3cret");
    const auto* at = blob.data();
    PKCS12* const store = d2i_PKCS12(nullptr, &at, static_cast<long>(blob.size()));
    BOOST_TEST_REQUIRE(store != nullptr);
    BOOST_TEST(PKCS12_verify_mac(store, "wrong", -1) == 0);

    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    STACK_OF(X509)* chain = nullptr;
    BOOST_TEST(PKCS12_parse(store, "s3cret", &key, &certificate, &chain) == 1);
    BOOST_TEST_REQUIRE((key && certificate && chain));
    BOOST_TEST(X509_cmp(certificate, read(client.certificate_pem).get()) == 0);
    BOOST_TEST(sk_X509_num(chain) == 1);
    BOOST_TEST(X509_cmp(sk_X509_value(chain, 0), read(authority.certificate_pem).get()) == 0);
    BOOST_TEST(EVP_PKEY_eq(key, read_key(client.key_pem).get()) == 1);
    sk_X509_pop_free(chain, X509_free);
    X509_free(certificate);
    EVP_PKEY_free(key);
    PKCS12_free(store);
    ERR_clear_error();
}

BOOST_AUTO_TEST_CASE(refuses_wrong_input)
{
    const std::vector<penstock::host> hosts{*parse_host("a.example")};
    const auto client = *pki::make_client(authority, "alice", valid);
    const auto other = *pki::make_client(authority, "bob", valid);
    const pki::key_pair mixed{client.certificate_pem, other.key_pem};
    const std::string too_long(65, 'x');

    BOOST_TEST(pki::make_authority("", valid).error() == error_code(pki::errc::bad_name));
    BOOST_TEST(pki::make_authority(too_long, valid).error() == error_code(pki::errc::bad_name));
    BOOST_TEST(
        pki::make_client(authority, "a\nb", valid).error() == error_code(pki::errc::bad_name)
    );
    BOOST_TEST(pki::make_server(authority, {}, valid).error() == error_code(pki::errc::no_host));
    const std::vector<penstock::host> odd{penstock::host{"a.example,IP:127.0.0.1"}};
    BOOST_TEST(pki::make_server(authority, odd, valid).error() == error_code(pki::errc::bad_name));
    BOOST_TEST(
        pki::make_server(authority, hosts, {now, now}).error() ==
        error_code(pki::errc::bad_validity)
    );
    BOOST_TEST(
        pki::make_client({"nonsense", authority.key_pem}, "a", valid).error() ==
        error_code(pki::errc::bad_authority)
    );
    BOOST_TEST(
        pki::make_client({authority.certificate_pem, ""}, "a", valid).error() ==
        error_code(pki::errc::bad_authority)
    );
    BOOST_TEST(pki::make_client(mixed, "a", valid).error() == error_code(pki::errc::key_mismatch));
    BOOST_TEST(
        pki::make_p12(client, authority.certificate_pem, "a", "").error() ==
        error_code(pki::errc::empty_password)
    );
    BOOST_TEST(
        pki::make_p12(client, "nonsense", "a", "p").error() == error_code(pki::errc::bad_authority)
    );
    BOOST_TEST(ERR_peek_error() == 0U);  // nothing is left for the next user of OpenSSL
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
