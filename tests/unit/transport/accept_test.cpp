// accept() against clients of all kinds.
#include <penstock/transport/upgrade.hpp>

#include "support.hpp"

namespace {

using namespace transport_test;

constexpr std::string_view not_found_page =
    "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 10\r\nConnection: close\r\n\r\nnot found\n";

struct served {
    std::string answer;
    std::string rejected;
};

/// Sends `request` through TLS and reads to the end of the connection.
served serve(world& w, std::string_view request)
{
    auto accepting = w.start_accept();
    served out;
    {
        auto client = blocking_peer::client(w.connect());
        BOOST_TEST_REQUIRE(client.shake_hands());
        client.send(request);
        out.answer = client.read_to_end();
    }
    const auto outcome = get(std::move(accepting));
    BOOST_TEST(!outcome.link.has_value());
    out.rejected = outcome.rejected;
    return out;
}

BOOST_FIXTURE_TEST_SUITE(accept_alone, world)

BOOST_AUTO_TEST_CASE(what_follows_the_request_is_kept)
{
    for (const std::size_t step : {1UL << 30, 1UL}) {
        auto accepting = start_accept();
        auto client = blocking_peer::client(connect());
        client.step = step;
        BOOST_TEST(client.shake_hands());
        client.send(upgrade_request() + "first frames");
        BOOST_TEST(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
        const auto outcome = get(std::move(accepting));
        BOOST_TEST_REQUIRE(outcome.link.has_value(), outcome.rejected);
        const auto& early = outcome.link->early;
        BOOST_TEST(std::string(early.begin(), early.end()) == "first frames");
    }
}

BOOST_AUTO_TEST_CASE(plain_behind_a_reverse_proxy)
{
    accept.tls.reset();
    for (const std::size_t step : {1UL << 30, 1UL}) {
        auto accepting = start_accept();
        blocking_peer client(connect());
        client.step = step;
        client.send(upgrade_request() + "first");
        BOOST_TEST(client.read_until("\r\n\r\n").find("Sec-WebSocket-Protocol: penstock.v1") > 0U);
        const auto outcome = get(std::move(accepting));
        BOOST_TEST_REQUIRE(outcome.link.has_value(), outcome.rejected);
        BOOST_TEST(!outcome.link->tls.has_value());
        BOOST_TEST(outcome.link->description == "plain");
        BOOST_TEST(outcome.who.name == "alice");
    }
}

BOOST_AUTO_TEST_CASE(strangers_get_the_fallback)
{
    const auto browser = serve(*this, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    BOOST_TEST(browser.answer == not_found_page);
    BOOST_TEST(browser.rejected == "another path");

    const auto foreign = serve(*this, upgrade_request("/penstock", ""));
    BOOST_TEST(foreign.answer == not_found_page);
    BOOST_TEST(foreign.rejected == "a WebSocket client that does not offer penstock.v1");

    const auto page = serve(
        *this,
        upgrade_request(
            "/penstock",
            "Sec-WebSocket-Protocol: penstock.v1\r\nOrigin: https://evil.example\r\n"
            "Authorization: Bearer pst_correct\r\n"
        )
    );
    BOOST_TEST(page.answer == not_found_page);
    BOOST_TEST(page.rejected == "a browser (Origin)");

    const auto head = serve(*this, "HEAD / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    BOOST_TEST(head.answer == not_found_page.substr(0, not_found_page.size() - 10));
}

BOOST_AUTO_TEST_CASE(wrong_token_gets_401)
{
    const auto got = serve(
        *this,
        upgrade_request(
            "/penstock",
            "Sec-WebSocket-Protocol: penstock.v1\r\nAuthorization: Bearer pst_wrong\r\n"
        )
    );
    BOOST_TEST(got.answer.starts_with("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n"));
    BOOST_TEST(got.rejected == "wrong token");
}

BOOST_AUTO_TEST_CASE(http_on_the_tls_port)
{
    auto accepting = start_accept();
    blocking_peer client(connect());
    client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    const auto answer = client.read_to_end();
    BOOST_TEST(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    BOOST_TEST(answer.ends_with("this port speaks HTTPS: use https://\n"));
    client.socket.close();
    BOOST_TEST(get(std::move(accepting)).rejected == "plain HTTP on the TLS port");
}

BOOST_AUTO_TEST_CASE(garbage_on_the_tls_port)
{
    auto accepting = start_accept();
    blocking_peer client(connect());
    client.send("\x05\x01\x02");
    BOOST_TEST(client.read_to_end().empty());
    BOOST_TEST(get(std::move(accepting)).rejected == "neither TLS nor HTTP");

    accepting = start_accept();
    blocking_peer other(connect());
    other.send(std::string("\x16\x03\x01") + std::string(300, '\xff'));
    other.socket.shutdown(tcp::socket::shutdown_send);
    other.read_to_end();
    BOOST_TEST(get(std::move(accepting)).rejected.starts_with("TLS: "));
}

BOOST_AUTO_TEST_CASE(garbage_inside_tls)
{
    const auto got = serve(*this, "hello\r\n\r\n");
    BOOST_TEST(got.answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    BOOST_TEST(got.rejected.starts_with("HTTP request: "));
}

BOOST_AUTO_TEST_CASE(request_beyond_its_limit)
{
    accept.request_octets_max = 1'000;
    const auto got = serve(*this, "GET /" + std::string(2'000, 'x') + " HTTP/1.1\r\n\r\n");
    BOOST_TEST(got.answer.starts_with("HTTP/1.1 400 Bad Request\r\n"));
}

BOOST_AUTO_TEST_CASE(clients_that_are_too_slow)
{
    accept.tls_timeout = 60ms;
    accept.request_timeout = 60ms;
    {
        auto accepting = start_accept();
        const auto silent = connect();
        BOOST_TEST(get(std::move(accepting)).rejected == "too slow with TLS");
    }
    {
        auto accepting = start_accept();
        blocking_peer half(connect());
        half.send("\x16\x03\x01");
        BOOST_TEST(get(std::move(accepting)).rejected == "too slow with TLS");
    }
    {
        accept.tls_timeout = 10s;
        auto accepting = start_accept();
        auto client = blocking_peer::client(connect());
        BOOST_TEST(client.shake_hands());
        client.send("GET /penst");
        BOOST_TEST(get(std::move(accepting)).rejected == "too slow with the HTTP request");
    }
    BOOST_TEST(accept.gate->half_open() == 0U);
}

BOOST_AUTO_TEST_CASE(clients_that_leave)
{
    {
        auto accepting = start_accept();
        connect().close();
        BOOST_TEST(get(std::move(accepting)).rejected == "left during TLS");
    }
    {
        auto accepting = start_accept();
        {
            auto client = blocking_peer::client(connect());
            BOOST_TEST(client.shake_hands());
        }
        BOOST_TEST(get(std::move(accepting)).rejected == "left during the HTTP request");
    }
}

BOOST_AUTO_TEST_CASE(client_that_does_not_like_our_certificate)
{
    auto accepting = start_accept();
    auto settings = tls_test::client_settings();
    settings.ca_pem = keys::get().other_authority.certificate_pem;
    auto client = blocking_peer::client(connect(), settings);
    BOOST_TEST(!client.shake_hands());
    client.socket.close();
    BOOST_TEST(
        get(std::move(accepting)).rejected ==
        "TLS: the client refused the server certificate (unknown CA)"
    );
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
