// dial() against servers of all kinds.
#include "support.hpp"

namespace {

using namespace transport_test;

BOOST_FIXTURE_TEST_SUITE(dial_alone, world)

BOOST_AUTO_TEST_CASE(name_that_does_not_exist)
{
    url.host = "nowhere.example";
    const auto outcome = get(start_dial());
    BOOST_TEST(
        outcome.why.text() == "resolve: nowhere.example: no such name (check the host in --server)"
    );
}

BOOST_AUTO_TEST_CASE(nobody_listens)
{
    acceptor.close();
    const auto outcome = get(start_dial());
    BOOST_TEST((outcome.why.step == transport::dial_step::tcp));
    BOOST_TEST(outcome.why.cause.find("Connection refused") != std::string::npos);
    BOOST_TEST(outcome.why.remedy == "is the server running, and the port right?");
}

BOOST_AUTO_TEST_CASE(token_that_no_field_holds)
{
    dial.token = "a\r\nX: y";
    auto dialling = start_dial();
    auto server = blocking_peer::server(take());
    BOOST_TEST(server.shake_hands());
    const auto outcome = get(std::move(dialling));
    BOOST_TEST((outcome.why.step == transport::dial_step::auth));
    BOOST_TEST(outcome.why.text().find("X: y") == std::string::npos);
    BOOST_TEST(server.read_to_end().empty());
}

BOOST_AUTO_TEST_CASE(web_server_without_tls)
{
    auto dialling = start_dial();
    blocking_peer server(take());
    server.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    BOOST_TEST(
        get(std::move(dialling)).why.cause.find("the other side does not speak TLS") !=
        std::string::npos
    );
}

BOOST_AUTO_TEST_CASE(server_that_hangs_up)
{
    auto dialling = start_dial();
    {
        blocking_peer server(take());
        std::string hello;
        BOOST_TEST(server.read_more(hello));
    }
    const auto outcome = get(std::move(dialling));
    BOOST_TEST(
        outcome.why.cause.find("the connection was ended during the TLS handshake") !=
        std::string::npos
    );
}

BOOST_AUTO_TEST_CASE(server_that_says_nothing)
{
    dial.tls_timeout = 60ms;
    auto dialling = start_dial();
    const auto server = take();
    BOOST_TEST(
        get(std::move(dialling)).why.text() ==
        "tls: " + transport::to_string(url) +
            ": no TLS handshake within 60 ms (check the port; a firewall may be in the way)"
    );
}

BOOST_AUTO_TEST_CASE(server_that_does_not_answer)
{
    dial.upgrade_timeout = 60ms;
    auto dialling = start_dial();
    auto server = blocking_peer::server(take());
    BOOST_TEST(server.shake_hands());
    const auto outcome = get(std::move(dialling));
    BOOST_TEST((outcome.why.step == transport::dial_step::upgrade));
    BOOST_TEST(
        outcome.why.cause ==
        transport::to_string(url) + " did not answer the upgrade request within 60 ms"
    );
}

BOOST_AUTO_TEST_CASE(server_that_closes_instead_of_answering)
{
    auto dialling = start_dial();
    {
        auto server = blocking_peer::server(take());
        BOOST_TEST(server.shake_hands());
        BOOST_TEST(server.read_until("\r\n\r\n").starts_with("GET /penstock HTTP/1.1\r\n"));
    }
    const auto outcome = get(std::move(dialling));
    BOOST_TEST(
        outcome.why.cause.find("closed the connection without an answer") != std::string::npos
    );
}

BOOST_AUTO_TEST_CASE(server_that_speaks_something_else)
{
    for (const auto& [text, part] :
         {std::pair<std::string, std::string>{"SSH-2.0-OpenSSH\r\n\r\n", "does not answer in HTTP"},
          {std::string(40'000, 'x'), "does not answer in HTTP"}}) {
        auto dialling = start_dial();
        auto server = blocking_peer::server(take());
        BOOST_TEST(server.shake_hands());
        server.send(text);
        const auto outcome = get(std::move(dialling));
        BOOST_TEST(outcome.why.cause.find(part) != std::string::npos, outcome.why.cause);
    }
}

BOOST_AUTO_TEST_CASE(overloaded_server)
{
    auto dialling = start_dial();
    auto server = blocking_peer::server(take());
    BOOST_TEST(server.shake_hands());
    BOOST_TEST(!server.read_until("\r\n\r\n").empty());
    server.send("HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nContent-Length: 4\r\n\r\nbusy");
    const auto outcome = get(std::move(dialling));
    BOOST_TEST((outcome.why.retry_after == 3s));
    BOOST_TEST(!outcome.why.refused);
}

BOOST_AUTO_TEST_CASE(what_follows_the_101_is_kept)
{
    for (const std::size_t step : {1UL << 30, 1UL}) {
        auto dialling = start_dial();
        auto server = blocking_peer::server(take());
        server.step = step;
        BOOST_TEST(server.shake_hands());
        const auto request = server.read_until("\r\n\r\n");
        BOOST_TEST(request.find("Authorization: Bearer pst_correct\r\n") != std::string::npos);
        server.send(good_answer(request) + "first frames");
        auto outcome = get(std::move(dialling));
        BOOST_TEST_REQUIRE(outcome.link.has_value(), outcome.why.text());
        const auto& early = outcome.link->early;
        BOOST_TEST(std::string(early.begin(), early.end()) == "first frames");
    }
}

BOOST_AUTO_TEST_CASE(foreign_websocket_server)
{
    auto dialling = start_dial();
    auto server = blocking_peer::server(take());
    BOOST_TEST(server.shake_hands());
    auto answer = good_answer(server.read_until("\r\n\r\n"));
    const std::string field = "Sec-WebSocket-Protocol: penstock.v1\r\n";
    answer.erase(answer.find(field), field.size());
    server.send(answer);
    BOOST_TEST(
        get(std::move(dialling)).why.cause.find("does not speak penstock.v1") != std::string::npos
    );
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
