// dial() through SOCKS5 proxies of all kinds.
#include <boost/test/data/test_case.hpp>

#include "proxied.hpp"

namespace {

using namespace transport_test;
namespace data = boost::unit_test::data;
using namespace std::string_literals;

const std::string greeting = "\x05\x01\x00"s;
const std::string greeting_with_password = "\x05\x02\x00\x02"s;
const std::string request = "\x05\x01\x00\x03\x09"s + "a.example" + "\x20\xfb"s;
const std::string connected = "\x05\x00\x00\x01\x0a\x00\x00\x01\x12\x34"s;

struct socks_proxied : proxied {
    socks_proxied() { use_socks(); }
};

BOOST_FIXTURE_TEST_SUITE(socks_proxy, socks_proxied)

BOOST_AUTO_TEST_CASE(connection_in_one_piece_and_octet_by_octet)
{
    for (const std::size_t step : {1UL << 30, 1UL}) {
        auto dialling = start_dial();
        blocking_peer peer(take());
        peer.step = step;
        BOOST_TEST(peer.read_until(greeting) == greeting);
        peer.send("\x05\x00"s);
        BOOST_TEST(peer.read_until(request) == request);  // by name: the proxy resolves it
        peer.send(connected);
        serve(peer);
        check_linked(std::move(dialling));
    }
}

BOOST_AUTO_TEST_CASE(password)
{
    log_in();
    auto dialling = start_dial();
    blocking_peer peer(take());
    BOOST_TEST(peer.read_until(greeting_with_password) == greeting_with_password);
    peer.send("\x05\x02"s);
    const auto login = "\x01\x04user\x06geheim"s;
    BOOST_TEST(peer.read_until(login) == login);
    peer.send("\x01\x00"s);
    BOOST_TEST(peer.read_until(request) == request);
    peer.send(connected);
    serve(peer);
    check_linked(std::move(dialling));
}

struct refusal {
    std::string_view what;
    bool with_login;
    std::string answer;
    std::string_view expected;
    bool refused = false;

    friend std::ostream& operator<<(std::ostream& os, const refusal& r) { return os << r.what; }
};

const refusal refusals[] = {
    {"wrong password", true, "\x05\x02\x01\x01"s, "refused user and password (check the file)", true
    },
    {"password missing",
     false,
     "\x05\xff"s,
     "takes only passwords (put user:password into a file and name it with "
     "--upstream-proxy-auth-file)",
     true},
    {"password not wanted", true, "\x05\xff"s, "takes no password (leave out the file)", true},
    {"not allowed",
     false,
     "\x05\x00\x05\x02"s,
     "does not connect to SERVER: not allowed by the rules (ask who runs it to allow that)",
     true},
    {"server down",
     false,
     "\x05\x00\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"s,
     "does not connect to SERVER: connection refused (is the server running, and its name known to "
     "the proxy?)"},
    {"an HTTP proxy",
     false,
     "HTTP/1.1 400 Bad Request\r\n\r\n",
     "does not answer in SOCKS5 (check scheme, host and port in --upstream-proxy)"},
    {"what comes behind the answer is no TLS",
     false,
     "\x05\x00"s + connected + "x",
     "does not answer in SOCKS5 (check scheme, host and port in --upstream-proxy)"},
};

BOOST_DATA_TEST_CASE_F(socks_proxied, refusal_is_told_in_words, data::make(refusals), sample)
{
    if (sample.with_login)
        log_in();
    auto dialling = start_dial();
    blocking_peer peer(take());
    const auto hello = sample.with_login ? greeting_with_password : greeting;
    BOOST_TEST(peer.read_until(hello) == hello);
    peer.send(sample.answer);
    check_failed(
        std::move(dialling),
        "proxy: the proxy PROXY " + std::string(sample.expected),
        sample.refused
    );
}

BOOST_AUTO_TEST_CASE(proxy_that_hangs_up)
{
    auto dialling = start_dial();
    {
        blocking_peer peer(take());
        BOOST_TEST(peer.read_until(greeting) == greeting);
    }
    check_failed(
        std::move(dialling),
        "proxy: the proxy PROXY gave no answer: End of file (check "
        "scheme, host and port in --upstream-proxy)"
    );
}

BOOST_AUTO_TEST_CASE(silence_ends_at_the_deadline_and_closes)
{
    dial.proxy_timeout = 60ms;
    auto dialling = start_dial();
    blocking_peer peer(take());
    check_failed(
        std::move(dialling),
        "proxy: the proxy PROXY did not answer within 60 ms (check host and port in "
        "--upstream-proxy; it may be unable to reach SERVER)"
    );
    BOOST_TEST(peer.read_to_end() == greeting);
}

BOOST_AUTO_TEST_CASE(cancellation_closes)
{
    auto dialling = start_cancellable_dial();
    blocking_peer peer(take());
    BOOST_TEST(peer.read_until(greeting) == greeting);
    check_cancelled(std::move(dialling), peer);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
