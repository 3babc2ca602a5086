#include <openssl/ssl.h>

#include "pair.hpp"

namespace {

using namespace tls_test;

BOOST_AUTO_TEST_SUITE(handshake)

BOOST_AUTO_TEST_CASE(agrees_whole_and_one_octet_at_a_time)
{
    for (const std::size_t step : {1UL << 30, 1UL, 7UL}) {
        pair p;
        p.shake_hands(step);
        BOOST_TEST((p.client_done && p.server_done));
        BOOST_TEST(p.client.description() == "TLSv1.3 TLS_AES_128_GCM_SHA256");
        BOOST_TEST(p.server.description() == "TLSv1.3 TLS_AES_128_GCM_SHA256");
        BOOST_TEST(p.client.alpn() == "http/1.1");
        BOOST_TEST(p.server.alpn() == "http/1.1");
        BOOST_TEST(p.client.peer()->dns_names.at(0) == "a.example");
        BOOST_TEST(!p.server.peer().has_value());
    }
}

BOOST_AUTO_TEST_CASE(an_engine_may_move_at_any_time)
{
    pair p;
    BOOST_TEST(*p.client.handshake(p.to_server) == false);
    auto moved = std::move(p.client);
    p.client = std::move(moved);
    p.shake_hands();
    BOOST_TEST((p.client_done && p.server_done));
}

BOOST_AUTO_TEST_CASE(checks_the_address)
{
    pair good(client_settings(), server_settings(), "192.0.2.7");
    good.shake_hands();
    BOOST_TEST(good.client_done);

    pair bad(client_settings(), server_settings(), "192.0.2.8");
    bad.shake_hands();
    BOOST_TEST(bad.client_failed == error_code(tls::errc::wrong_host_name));
}

/// The ClientHello of an engine for `name`.
std::string client_hello(std::string_view name)
{
    pair p(client_settings(), server_settings(), name);
    BOOST_TEST(*p.client.handshake(p.to_server) == false);
    return {p.to_server.view().begin(), p.to_server.view().end()};
}

BOOST_AUTO_TEST_CASE(names_go_into_sni_and_addresses_do_not)
{
    BOOST_TEST(client_hello("a.example").find("a.example") != std::string::npos);
    BOOST_TEST(client_hello("A.Example.").find("a.example") != std::string::npos);
    BOOST_TEST(client_hello("192.0.2.7").find("192.0.2.7") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(common_name_does_not_count)
{
    auto server = server_settings();
    const auto named = *pki::make_client(keys::get().authority, "a.example", keys::get().valid);
    server.own = credentials_of(named);
    pair p(client_settings(), server);
    p.shake_hands();
    BOOST_TEST(!p.client_done);
    BOOST_TEST(p.client_failed.failed());
}

BOOST_AUTO_TEST_CASE(wrong_host_name)
{
    pair p(client_settings(), server_settings(), "b.example");
    p.shake_hands();
    BOOST_TEST(p.client_failed == error_code(tls::errc::wrong_host_name));
    BOOST_TEST(
        p.client.failure_detail() ==
        R"(the certificate is for "a.example", "192.0.2.7", not "b.example")"
    );
    BOOST_TEST(p.client.offered_name() == "a.example");
    // The server is told, too.
    BOOST_TEST(p.server_failed == error_code(tls::errc::peer_refused_certificate));
    BOOST_TEST(
        p.server.failure_detail() == "the client refused the server certificate (bad certificate)"
    );
    BOOST_TEST(p.client.handshake(p.to_server).error() == p.client_failed);
}

BOOST_AUTO_TEST_CASE(unknown_authority)
{
    auto client = client_settings();
    client.ca_pem = keys::get().other_authority.certificate_pem;
    pair p(client);
    p.shake_hands();
    BOOST_TEST(p.client_failed == error_code(tls::errc::unknown_ca));
    BOOST_TEST(
        p.client.failure_detail() ==
        R"(the certificate is signed by "Penstock test CA", which is not trusted here)"
    );
    BOOST_TEST(p.server_failed == error_code(tls::errc::peer_refused_certificate));
}

BOOST_AUTO_TEST_CASE(the_system_trusts_no_throw_away_authority)
{
    auto client = client_settings();
    client.ca_pem.clear();
    pair p(client);
    p.shake_hands();
    BOOST_TEST(p.client_failed == error_code(tls::errc::unknown_ca));
}

BOOST_AUTO_TEST_CASE(outside_its_validity)
{
    const auto& k = keys::get();
    auto server = server_settings();
    server.own = credentials_of(k.server_for({"a.example"}, {k.now - 48h, k.now - 24h}));
    pair expired(client_settings(), server);
    expired.shake_hands();
    BOOST_TEST(expired.client_failed == error_code(tls::errc::certificate_expired));
    BOOST_TEST(expired.client.failure_detail().starts_with("the certificate expired on 2"));

    server.own = credentials_of(k.server_for({"a.example"}, {k.now + 24h, k.now + 48h}));
    pair early(client_settings(), server);
    early.shake_hands();
    BOOST_TEST(early.client_failed == error_code(tls::errc::certificate_not_yet_valid));
}

BOOST_AUTO_TEST_CASE(without_verification_anything_goes)
{
    auto client = client_settings();
    client.ca_pem = keys::get().other_authority.certificate_pem;
    client.verify = false;
    pair p(client, server_settings(), "b.example");
    p.shake_hands();
    BOOST_TEST((p.client_done && p.server_done));
    BOOST_TEST(!p.client.peer().has_value());
}

BOOST_AUTO_TEST_CASE(the_other_side_speaks_http)
{
    pair p;
    BOOST_TEST(*p.client.handshake(p.to_server) == false);
    const auto answer = to_octets("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    p.client.feed(answer);
    BOOST_TEST(p.client.handshake(p.to_server).error() == error_code(tls::errc::not_tls));
    BOOST_TEST(p.client.failure_detail() == "the other side does not speak TLS");

    for (const auto* text :
         {"GET / HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n", "hello hello"}) {
        pair q;
        const auto request = to_octets(text);
        q.server.feed(request);
        BOOST_TEST(q.server.handshake(q.to_client).error() == error_code(tls::errc::not_tls));
    }
}

BOOST_AUTO_TEST_CASE(garbage_ends_it)
{
    pair p;
    const octets garbage(600, 0x16);
    p.server.feed(garbage);
    BOOST_TEST(p.server.handshake(p.to_client).has_error());
}

BOOST_AUTO_TEST_CASE(tls_11_and_h2_are_refused)
{
    struct row {
        int version_max;
        std::string alpn;
    };
    for (const auto& [version_max, alpn] :
         {row{TLS1_1_VERSION, "\x08http/1.1"}, row{TLS1_3_VERSION, "\x02h2"}}) {
        SSL_CTX* const ctx = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_security_level(ctx, 0);
        SSL_CTX_set_min_proto_version(ctx, TLS1_1_VERSION);
        SSL_CTX_set_max_proto_version(ctx, version_max);
        SSL_CTX_set_alpn_protos(
            ctx,
            reinterpret_cast<const unsigned char*>(alpn.data()),
            static_cast<unsigned>(alpn.size())
        );
        SSL* const ssl = SSL_new(ctx);
        BIO* const in = BIO_new(BIO_s_mem());
        BIO* const out = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl, in, out);
        SSL_connect(ssl);
        const std::uint8_t* hello = nullptr;
        const auto length = BIO_get_mem_data(out, &hello);

        pair p;
        p.server.feed({hello, static_cast<std::size_t>(length)});
        BOOST_TEST(
            p.server.handshake(p.to_client).error() == error_code(tls::errc::no_common_parameters)
        );
        BOOST_TEST(!p.to_client.empty());  // the alert
        SSL_free(ssl);
        SSL_CTX_free(ctx);
    }
}

BOOST_AUTO_TEST_CASE(keys_are_logged_on_request)
{
    std::vector<std::string> lines;
    auto client = client_settings();
    client.keylog = [&](std::string_view line) { lines.emplace_back(line); };
    pair p(client);
    p.shake_hands();
    BOOST_TEST(p.client_done);
    BOOST_TEST(lines.size() >= 4U);
    BOOST_TEST(lines.at(0).starts_with("SERVER_HANDSHAKE_TRAFFIC_SECRET "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
