#include <penstock/transport/accept.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

#include "upgrade.hpp"

namespace {

namespace auth = penstock::auth;
namespace data = boost::unit_test::data;
namespace tls = penstock::tls;
using namespace upgrade_test;
using kind = upgrade_verdict::kind;

http::request_head base_request()
{
    return *http::parse_request_head(octets_of(encode_upgrade_request(url, sample_key, "pst_right"))
    );
}

void set(http::request_head& request, const std::string& name, const std::string& value)
{
    std::erase_if(request.fields, [&](const auto& f) { return http::same_name(f.name, name); });
    if (!value.empty())
        request.fields.push_back({name, value});
}

accept_settings with_users()
{
    accept_settings s;
    s.users = auth::user_table::parse(auth::token_line("alice", "pst_right") + "\n");
    return s;
}

BOOST_AUTO_TEST_SUITE(websocket_key)

BOOST_AUTO_TEST_CASE(answers_the_sample_of_the_rfc)
{
    BOOST_TEST(websocket_accept(sample_key) == sample_accept);
}

BOOST_AUTO_TEST_CASE(keys_are_fresh)
{
    BOOST_TEST(make_websocket_key().size() == 24U);
    BOOST_TEST(make_websocket_key() != make_websocket_key());
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(upgrade_request)

BOOST_AUTO_TEST_CASE(is_complete)
{
    BOOST_TEST(
        encode_upgrade_request(url, sample_key, "") ==
        "GET /penstock HTTP/1.1\r\nHost: a.example:8443\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: penstock.v1\r\n\r\n"
    );
    const auto request = base_request();
    BOOST_TEST(http::value_of(request.fields, "Authorization") == "Bearer pst_right");
}

BOOST_AUTO_TEST_CASE(names_the_node_for_a_balancer_to_see)
{
    auto one = url;
    one.node = "eu-1";
    const auto text = encode_upgrade_request(one, sample_key, "pst_right");
    BOOST_TEST(text.starts_with("GET /penstock?n=eu-1 HTTP/1.1\r\n"));
    const auto request = *http::parse_request_head(octets_of(text));
    BOOST_TEST((judge_request(request, with_users(), std::nullopt).what == kind::accepted));
}

BOOST_AUTO_TEST_CASE(is_what_the_server_accepts)
{
    const auto verdict = judge_request(base_request(), with_users(), std::nullopt);
    BOOST_TEST((verdict.what == kind::accepted));
    BOOST_TEST((verdict.who == auth::principal{"alice", auth::principal_kind::token}));
    const auto answer = response(verdict.response);
    BOOST_TEST(answer.status == 101U);
    BOOST_TEST(http::value_of(answer.fields, "Sec-WebSocket-Accept") == sample_accept);
    BOOST_TEST(!judge_response(answer, url, sample_key, true).has_value());
}

struct change {
    std::string_view what;
    std::string name;
    std::string value;
    kind expected;

    friend std::ostream& operator<<(std::ostream& os, const change& c) { return os << c.what; }
};
const change changes[] = {
    {"Connection is a list", "Connection", "keep-alive, uPgRaDe", kind::accepted},
    {"Upgrade in capitals", "Upgrade", "WebSocket", kind::accepted},
    {"several subprotocols", "Sec-WebSocket-Protocol", "chat, penstock.v1", kind::accepted},
    {"Bearer in another case", "Authorization", "bearer   pst_right", kind::accepted},
    {"wrong token", "Authorization", "Bearer pst_wrong", kind::unauthorised},
    {"no token", "Authorization", "", kind::unauthorised},
    {"empty token", "Authorization", "Bearer", kind::unauthorised},
    {"another scheme", "Authorization", "Basic cHN0X3JpZ2h0", kind::unauthorised},
    {"version 8", "Sec-WebSocket-Version", "8", kind::wrong_version},
    {"no version", "Sec-WebSocket-Version", "", kind::wrong_version},
    {"no Upgrade", "Upgrade", "", kind::stranger},
    {"Upgrade to h2c", "Upgrade", "h2c", kind::stranger},
    {"no Connection", "Connection", "", kind::stranger},
    {"no subprotocol", "Sec-WebSocket-Protocol", "", kind::stranger},
    {"another subprotocol", "Sec-WebSocket-Protocol", "penstock.v0", kind::stranger},
    {"a browser", "Origin", "https://a.example", kind::stranger},
    {"no key", "Sec-WebSocket-Key", "", kind::stranger},
    {"a short key", "Sec-WebSocket-Key", "dGhlIHNhbXBsZQ==", kind::stranger},
    {"a key that is no base64", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ!==", kind::stranger},
    {"a body", "Content-Length", "5", kind::stranger},
    {"chunks", "Transfer-Encoding", "chunked", kind::stranger},
    {"no Host", "Host", "", kind::stranger},
};

BOOST_DATA_TEST_CASE(is_judged, data::make(changes), c)
{
    auto request = base_request();
    set(request, c.name, c.value);
    const auto verdict = judge_request(request, with_users(), std::nullopt);
    BOOST_TEST((verdict.what == c.expected));
    BOOST_TEST(verdict.reason.empty() == (c.expected == kind::accepted));
    BOOST_TEST(verdict.response.empty() == (c.expected == kind::stranger));
    if (c.expected == kind::unauthorised)
        BOOST_TEST(
            http::value_of(response(verdict.response).fields, "WWW-Authenticate") == "Bearer"
        );
    if (c.expected == kind::wrong_version)
        BOOST_TEST(
            http::value_of(response(verdict.response).fields, "Sec-WebSocket-Version") == "13"
        );
}

BOOST_AUTO_TEST_CASE(method_version_and_path_are_judged)
{
    const auto verdict_of = [](auto change) {
        auto request = base_request();
        change(request);
        return judge_request(request, with_users(), std::nullopt).what;
    };
    BOOST_TEST((verdict_of([](auto& r) { r.method = "POST"; }) == kind::stranger));
    BOOST_TEST((verdict_of([](auto& r) { r.minor_version = 0; }) == kind::stranger));
    BOOST_TEST((verdict_of([](auto& r) { r.target = "/"; }) == kind::stranger));
    BOOST_TEST((verdict_of([](auto& r) { r.target = "/penstock/"; }) == kind::stranger));
    BOOST_TEST((verdict_of([](auto& r) { r.target = "/penstock?n=7"; }) == kind::accepted));
}

BOOST_AUTO_TEST_CASE(who_is_who)
{
    auto settings = with_users();
    tls::certificate bob;
    bob.common_name = "bob";
    tls::certificate mail_only;
    mail_only.mails = {"eve@a.example"};
    const auto no_token = [] {
        auto request = base_request();
        set(request, "Authorization", "");
        return request;
    }();

    // A certificate counts only where the server wants it to.
    BOOST_TEST((judge_request(no_token, settings, bob).what == kind::unauthorised));
    settings.client_certificates = true;
    BOOST_TEST(
        (judge_request(no_token, settings, bob).who ==
         auth::principal{"bob", auth::principal_kind::certificate})
    );
    BOOST_TEST(judge_request(no_token, settings, mail_only).who.name == "eve@a.example");
    BOOST_TEST((judge_request(no_token, settings, tls::certificate{}).what == kind::unauthorised));
    // Either will do.
    BOOST_TEST(judge_request(base_request(), settings, std::nullopt).who.name == "alice");

    settings.anonymous = true;
    const auto nobody = judge_request(no_token, settings, std::nullopt);
    BOOST_TEST((nobody.what == kind::accepted));
    BOOST_TEST((nobody.who == auth::principal{}));
    auto wrong = base_request();
    set(wrong, "Authorization", "Bearer pst_wrong");
    BOOST_TEST((judge_request(wrong, settings, std::nullopt).what == kind::unauthorised));
    settings.users.reset();  // without users no token is wrong
    BOOST_TEST((judge_request(wrong, settings, std::nullopt).what == kind::accepted));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
