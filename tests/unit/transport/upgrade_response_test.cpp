#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

#include "upgrade.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace upgrade_test;
using namespace std::chrono_literals;

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
