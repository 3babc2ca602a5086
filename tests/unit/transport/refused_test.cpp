// What a gateway is told when dial() and accept() do not come together.
#include "both.hpp"

namespace {

using namespace transport_test;

BOOST_FIXTURE_TEST_SUITE(refused, world)

/// dial() fails, accept() makes no link, and the failure reads so.
void check_failure(world& w, transport::dial_step step, std::string_view text, bool refused)
{
    const both b(w);
    BOOST_TEST(!b.dialled.link.has_value());
    BOOST_TEST(!b.accepted.link.has_value());
    BOOST_TEST(!b.accepted.rejected.empty());
    BOOST_TEST((b.dialled.why.step == step));
    auto expected = std::string(text);
    if (const auto at = expected.find("URL"); at != std::string::npos)
        expected.replace(at, 3, transport::to_string(w.url));
    BOOST_TEST(b.dialled.why.text() == expected);
    BOOST_TEST(b.dialled.why.refused == refused);
}

BOOST_AUTO_TEST_CASE(wrong_token)
{
    dial.token = "pst_wrong";
    check_failure(
        *this,
        transport::dial_step::auth,
        "auth: the server refused the token (check that its line, made by `penstock keys token`, "
        "is in the server's users file)",
        true
    );
}

BOOST_AUTO_TEST_CASE(wrong_path)
{
    url.path = "/other";
    check_failure(
        *this,
        transport::dial_step::upgrade,
        "upgrade: there is no penstock server at URL: 404 \"Not Found\" (check host and path in "
        "--server; the path must be the server's --path)",
        false
    );
}

BOOST_AUTO_TEST_CASE(wrong_host_name)
{
    url.host = "b.example";
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the certificate is for \"a.example\", \"192.0.2.7\", not \"b.example\" (use "
        "--server-name a.example, or a certificate for b.example)",
        false
    );
}

BOOST_AUTO_TEST_CASE(unknown_authority)
{
    auto settings = tls_test::client_settings();
    settings.ca_pem = keys::get().other_authority.certificate_pem;
    dial.tls = *tls::context::make_client(settings);
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the certificate is signed by \"Penstock test CA\", which is not trusted here "
        "(use --ca with the certificate of the authority that signed the server's)",
        false
    );
}

BOOST_AUTO_TEST_CASE(missing_client_certificate)
{
    accept.tls = *tls::context::make_server(tls_test::mutual(tls::client_certificate::required));
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the server asks for a client certificate (use --cert and --key, or --p12)",
        true
    );
}

BOOST_AUTO_TEST_CASE(refused_client_certificate)
{
    accept.tls = *tls::context::make_server(tls_test::mutual(tls::client_certificate::optional));
    const auto& k = keys::get();
    auto settings = tls_test::client_settings();
    settings.own = credentials_of(*tls_test::pki::make_client(k.other_authority, "eve", k.valid));
    dial.tls = *tls::context::make_client(settings);
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the server refused the client certificate (unknown CA) (use a certificate "
        "signed by the authority in the server's --client-ca)",
        true
    );
}

BOOST_AUTO_TEST_CASE(server_without_tls)
{
    accept.tls.reset();
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the other side does not speak TLS (check the port; the server may listen "
        "without TLS behind a reverse proxy)",
        false
    );
}

BOOST_AUTO_TEST_CASE(too_many_handshakes)
{
    accept.gate =
        std::make_shared<transport::handshake_gate>(transport::handshake_limits{.half_open_max = 0}
        );
    const both b(*this);
    BOOST_TEST(b.accepted.rejected == "too many handshakes at once");
    BOOST_TEST((b.dialled.why.step == transport::dial_step::tls));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
