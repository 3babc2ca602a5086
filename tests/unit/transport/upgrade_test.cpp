#include <penstock/transport/accept.hpp>
#include <penstock/transport/upgrade.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace {

namespace auth = penstock::auth;
namespace data = boost::unit_test::data;
namespace http = penstock::http;
namespace tls = penstock::tls;
using namespace penstock::transport;
using namespace std::chrono_literals;
using kind = upgrade_verdict::kind;

// RFC 6455 section 1.3.
constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view sample_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const server_url url{"a.example", 8443, "/penstock"};

penstock::octets octets_of(std::string_view text) { return {text.begin(), text.end()}; }

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

http::response_head response(std::string_view text)
{
    const auto head_octets = text.find("\r\n\r\n") + 4;
    return *http::parse_response_head(octets_of(text.substr(0, head_octets)));
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
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(upgrade_response)

struct row {
    std::string_view what;
    std::string_view response;
    bool token_sent;
    std::string_view text;  ///< of the failure
    bool refused = false;
    std::chrono::milliseconds retry_after{0};

    friend std::ostream& operator<<(std::ostream& os, const row& r) { return os << r.what; }
};
const row rows[] = {
    {"wrong token",
     "HTTP/1.1 401 Unauthorized\r\n\r\n",
     true,
     "auth: the server refused the token (check that its line, made by `penstock keys token`, is "
     "in the server's users file)",
     true},
    {"no token",
     "HTTP/1.1 401 Unauthorized\r\n\r\n",
     false,
     "auth: the server wants to know who we are (use --token-file, or --cert and --key)",
     true},
    {"forbidden",
     "HTTP/1.1 403 No Way\r\n\r\n",
     true,
     "auth: the server refused us: 403 \"No Way\" (ask who runs it to let this identity in)",
     true},
    {"wrong path",
     "HTTP/1.1 404 Not Found\r\n\r\n",
     true,
     "upgrade: there is no penstock server at wss://a.example:8443/penstock: 404 \"Not Found\" "
     "(check host and path in --server; the path must be the server's --path)"},
    {"redirect",
     "HTTP/1.1 302 Found\r\nLocation: https://login.example/\r\n\r\n",
     true,
     "upgrade: wss://a.example:8443/penstock redirects to \"https://login.example/\" (if that is "
     "the penstock server, give its address as wss:// in --server)"},
    {"overloaded",
     "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\n",
     true,
     "upgrade: the server is overloaded or being restarted: 503 \"Service Unavailable\"",
     false,
     7s},
    {"a long time",
     "HTTP/1.1 429 \r\nRetry-After: 999999\r\n\r\n",
     true,
     "upgrade: the server is overloaded or being restarted: 429 \"Too Many Requests\"",
     false,
     300s},
    {"a date",
     "HTTP/1.1 503 \r\nRetry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n\r\n",
     true,
     "upgrade: the server is overloaded or being restarted: 503 \"Service Unavailable\""},
    {"bad gateway",
     "HTTP/1.1 502 Bad Gateway\r\n\r\n",
     true,
     "upgrade: the reverse proxy in front of the server cannot reach it: 502 \"Bad Gateway\" "
     "(look at the server and at the proxy's log)"},
    {"something else",
     "HTTP/1.1 418 I'm a \"teapot\"\r\n\r\n",
     true,
     R"(upgrade: wss://a.example:8443/penstock answered 418 "I'm a \"teapot\"")"
     " (check host and path in --server; the path must be the server's --path)"},
};

BOOST_DATA_TEST_CASE(is_explained, data::make(rows), r)
{
    const auto why = judge_response(response(r.response), url, sample_key, r.token_sent);
    BOOST_TEST_REQUIRE(why.has_value());
    BOOST_TEST(why->text() == r.text);
    BOOST_TEST(why->refused == r.refused);
    BOOST_TEST((why->retry_after == r.retry_after));
}

BOOST_AUTO_TEST_CASE(a_101_is_checked)
{
    const std::string good = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                             "Connection: Upgrade\r\nSec-WebSocket-Accept: " +
                             std::string(sample_accept) +
                             "\r\nSec-WebSocket-Protocol: penstock.v1\r\n\r\n";
    const auto judge = [](const std::string& text) {
        return judge_response(response(text), url, sample_key, true);
    };
    const auto without = [&](std::string_view part, std::string_view instead) {
        auto text = good;
        text.replace(text.find(part), part.size(), instead);
        return judge(text);
    };
    BOOST_TEST(!judge(good).has_value());
    BOOST_TEST(without("Upgrade: websocket\r\n", "").has_value());
    BOOST_TEST(without("Upgrade: websocket", "Upgrade: h2c").has_value());
    BOOST_TEST(without("Connection: Upgrade", "Connection: close").has_value());
    BOOST_TEST(without(sample_accept, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=").has_value());
    BOOST_TEST(without("penstock.v1", "penstock.v1\r\nSec-WebSocket-Extensions: x").has_value());
    const auto foreign = without("Sec-WebSocket-Protocol: penstock.v1\r\n", "");
    BOOST_TEST_REQUIRE(foreign.has_value());
    BOOST_TEST(
        foreign->text() ==
        "upgrade: wss://a.example:8443/penstock is a WebSocket server, but does not speak "
        "penstock.v1 (check host and path in --server; the path must be the server's --path)"
    );
    BOOST_TEST(without("penstock.v1", "chat").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
