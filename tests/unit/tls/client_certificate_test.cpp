#include "pair.hpp"

namespace {

using namespace tls_test;

BOOST_AUTO_TEST_SUITE(client_certificates)

BOOST_AUTO_TEST_CASE(the_server_learns_who_it_is)
{
    auto client = client_settings();
    client.own = credentials_of(keys::get().client);
    for (const std::size_t step : {1UL << 30, 1UL}) {
        pair p(client, mutual(tls::client_certificate::required));
        p.shake_hands(step);
        BOOST_TEST((p.client_done && p.server_done));
        BOOST_TEST(p.server.peer()->common_name == "alice");
    }
}

BOOST_AUTO_TEST_CASE(optional_means_that_none_will_do)
{
    pair p(client_settings(), mutual(tls::client_certificate::optional));
    p.shake_hands();
    BOOST_TEST((p.client_done && p.server_done));
    BOOST_TEST(!p.server.peer().has_value());
}

BOOST_AUTO_TEST_CASE(required_and_missing)
{
    pair p(client_settings(), mutual(tls::client_certificate::required));
    p.shake_hands();
    BOOST_TEST(p.server_failed == error_code(tls::errc::certificate_required));
    BOOST_TEST(p.client_done);  // TLS 1.3: it learns with its first read
    BOOST_TEST(p.client_failed == error_code(tls::errc::peer_wants_certificate));
    BOOST_TEST(p.client.failure_detail() == "the server asks for a client certificate");
}

BOOST_AUTO_TEST_CASE(refused_ones)
{
    const auto& k = keys::get();
    struct row {
        std::string what;
        pki::key_pair own;
        tls::errc at_server;
        std::string told;
    };
    const row rows[] = {
        {"unknown authority",
         *pki::make_client(k.other_authority, "alice", k.valid),
         tls::errc::unknown_ca,
         "the server refused the client certificate (unknown CA)"},
        {"expired",
         *pki::make_client(k.authority, "alice", {k.now - 48h, k.now - 24h}),
         tls::errc::certificate_expired,
         "the server refused the client certificate (certificate expired)"},
        {"made for servers",
         k.server,
         tls::errc::wrong_purpose,
         "the server refused the client certificate (unsupported certificate)"},
    };
    for (const auto& r : rows)
        for (const auto demand :
             {tls::client_certificate::required, tls::client_certificate::optional}) {
            auto client = client_settings();
            client.own = credentials_of(r.own);
            pair p(client, mutual(demand));
            p.shake_hands();
            BOOST_TEST(p.server_failed == error_code(r.at_server), r.what);
            BOOST_TEST(p.client_failed == error_code(tls::errc::peer_refused_certificate), r.what);
            BOOST_TEST(p.client.failure_detail() == r.told, r.what);
            BOOST_TEST(!p.server.peer().has_value());
        }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
