// What dial() says of HTTP proxies that do not let it through.
#include <boost/test/data/test_case.hpp>

#include "proxied.hpp"

namespace {

using namespace transport_test;
namespace data = boost::unit_test::data;

BOOST_FIXTURE_TEST_SUITE(http_proxy_refusal, http_proxied)

struct refusal {
    std::string_view status_line;
    std::string_view expected;
    bool refused = false;

    friend std::ostream& operator<<(std::ostream& os, const refusal& r)
    {
        return os << r.status_line;
    }
};

const refusal refusals[] = {
    {"HTTP/1.1 403 Forbidden",
     "403 \"Forbidden\" (ask who runs it to allow CONNECT to SERVER)",
     true},
    {"HTTP/1.0 502 Bad Gateway",
     "502 \"Bad Gateway\" (is the server running, and its name known to the proxy?)"},
    {"HTTP/1.1 503 Service \x1b[31mUnavailable",
     "503 \"Service \\x1b[31mUnavailable\" (is the server running, and its name known to the "
     "proxy?)"},
    {"HTTP/1.1 504", "504 (is the server running, and its name known to the proxy?)"},
    {"HTTP/1.1 405 Method Not Allowed",
     "405 \"Method Not Allowed\" (check host and port in --upstream-proxy; it may not be a proxy, "
     "or not one for CONNECT)"},
};

BOOST_DATA_TEST_CASE_F(
    http_proxied, refusal_is_told_with_status_and_reason, data::make(refusals), sample
)
{
    auto dialling = start_dial();
    blocking_peer peer(take());
    BOOST_TEST(!take_request(peer).empty());
    peer.send(std::string(sample.status_line) + "\r\nContent-Length: 4\r\n\r\npage");
    check_failed(
        std::move(dialling),
        "proxy: the proxy PROXY does not connect to SERVER: " + std::string(sample.expected),
        sample.refused
    );
}

BOOST_AUTO_TEST_CASE(rubbish)
{
    std::string endless_head = "HTTP/1.1 200 OK\r\n";
    while (endless_head.size() < 70'000)
        endless_head += "X: 0123456789\r\n";
    const std::string texts[] = {
        "SSH-2.0-OpenSSH\r\n", "\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", endless_head
    };
    for (const auto& text : texts) {
        auto dialling = start_dial();
        blocking_peer peer(take());
        BOOST_TEST(!take_request(peer).empty());
        peer.send(text);
        check_failed(
            std::move(dialling),
            "proxy: the proxy PROXY does not answer in HTTP (check scheme, host and port in "
            "--upstream-proxy)"
        );
    }
}

BOOST_AUTO_TEST_CASE(proxy_that_hangs_up)
{
    const std::string texts[] = {"", "HTTP/1.1 200 OK\r\nX: y", std::string(70'000, 'x')};
    for (const auto& text : texts) {
        auto dialling = start_dial();
        {
            blocking_peer peer(take());
            BOOST_TEST(!take_request(peer).empty());
            peer.send(text);
        }
        const auto outcome = get(std::move(dialling));
        BOOST_TEST(
            outcome.why.text().starts_with(
                "proxy: the proxy " + proxy_address + " gave no answer: "
            ),
            outcome.why.text()
        );
    }
}

BOOST_AUTO_TEST_CASE(silence_ends_at_the_deadline_and_closes)
{
    dial.proxy_timeout = 60ms;
    dial.proxy->source = "https_proxy";
    auto dialling = start_dial();
    blocking_peer peer(take());
    check_failed(
        std::move(dialling),
        "proxy: the proxy PROXY did not answer within 60 ms (check host and port in https_proxy, "
        "or go without it by --upstream-proxy none; it may be unable to reach SERVER)"
    );
    BOOST_TEST(peer.read_to_end().ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(proxy_that_is_reached_is_told_from_one_that_is_not)
{
    dial.proxy_timeout = 60ms;
    {
        auto dialling = start_dial();
        const blocking_peer peer(take());
        BOOST_TEST(get(std::move(dialling)).why.by_proxy);
    }
    acceptor.close();
    BOOST_TEST(!get(start_dial()).why.by_proxy);
}

BOOST_AUTO_TEST_CASE(cancellation_closes)
{
    auto dialling = start_cancellable_dial();
    blocking_peer peer(take());
    BOOST_TEST(!take_request(peer).empty());
    check_cancelled(std::move(dialling), peer);
}

BOOST_AUTO_TEST_CASE(page_that_does_not_end)
{
    dial.proxy_timeout = 1h;  // it takes a second of a core, which may have others to serve
    auto dialling = start_dial();
    blocking_peer peer(take());
    BOOST_TEST(!take_request(peer).empty());
    peer.send(endless_refusal);
    BOOST_TEST(keep_sending(peer));
    check_failed(
        std::move(dialling),
        "proxy: the proxy PROXY sends a page that does not end (check scheme, host and port in "
        "--upstream-proxy)"
    );
    BOOST_TEST(all_over(*dial.proxy->talks));
}

BOOST_AUTO_TEST_CASE(cancellation_ends_a_conversation_that_is_kept_busy)
{
    auto dialling = start_cancellable_dial();
    blocking_peer peer(take());
    BOOST_TEST(!take_request(peer).empty());
    peer.socket.set_option(asio::socket_base::send_buffer_size(4'096));
    peer.send(endless_refusal);
    peer.send(std::string(600'000, 'x'));  // more than the kernel holds: some of it was read
    asio::post(context, [this] { stop.emit(asio::cancellation_type::terminal); });
    BOOST_TEST(keep_sending(peer));
    BOOST_TEST(all_over(*dial.proxy->talks));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
