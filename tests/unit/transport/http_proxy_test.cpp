// dial() through HTTP proxies of all kinds.
#include "proxied.hpp"

namespace {

using namespace transport_test;

BOOST_FIXTURE_TEST_SUITE(http_proxy, http_proxied)

BOOST_AUTO_TEST_CASE(connection_in_one_piece_and_octet_by_octet)
{
    for (const std::size_t step : {1UL << 30, 1UL}) {
        auto dialling = start_dial();
        blocking_peer peer(take());
        peer.step = step;
        const auto request = take_request(peer);
        BOOST_TEST(
            request.starts_with("CONNECT a.example:8443 HTTP/1.1\r\nHost: a.example:8443\r\n"),
            request
        );
        BOOST_TEST(request.find("Authorization") == std::string::npos);
        peer.send(established);
        serve(peer);
        check_linked(std::move(dialling));
    }
}

BOOST_AUTO_TEST_CASE(proxy_that_is_given_by_name)
{
    use("http://proxy.example:" + std::to_string(acceptor.local_endpoint().port()));
    auto dialling = start_dial();
    blocking_peer peer(take());
    BOOST_TEST(!take_request(peer).empty());
    peer.send(established);
    serve(peer);
    check_linked(std::move(dialling));
}

BOOST_AUTO_TEST_CASE(what_follows_the_200_is_left_to_tls)
{
    auto dialling = start_dial();
    blocking_peer peer(take());
    BOOST_TEST(!take_request(peer).empty());
    peer.send(established + "SSH-2.0-OpenSSH\r\n");
    const auto outcome = get(std::move(dialling));
    BOOST_TEST((outcome.why.step == transport::dial_step::tls));
    BOOST_TEST(
        outcome.why.cause.find("does not speak TLS") != std::string::npos, outcome.why.cause
    );
}

BOOST_AUTO_TEST_CASE(password_on_the_same_connection)
{
    log_in();
    for (const std::size_t step : {1UL << 30, 1UL}) {
        auto dialling = start_dial();
        blocking_peer peer(take());
        peer.step = step;
        BOOST_TEST(take_request(peer).find("Authorization") == std::string::npos);
        peer.send(unauthorized());
        BOOST_TEST(
            take_request(peer).find("Proxy-Authorization: Basic dXNlcjpnZWhlaW0=\r\n") !=
            std::string::npos
        );
        peer.send(established);
        serve(peer);
        check_linked(std::move(dialling));
    }
}

BOOST_AUTO_TEST_CASE(password_on_another_connection_where_the_proxy_closes_the_first)
{
    log_in();
    use("http://proxy.example:" + std::to_string(acceptor.local_endpoint().port()));
    for (const std::string fields : {"Connection: close\r\n", "Proxy-Connection: close\r\n"}) {
        auto dialling = start_dial();
        {
            blocking_peer first(take());
            BOOST_TEST(!take_request(first).empty());
            first.send(unauthorized(fields));
        }
        blocking_peer peer(take());
        BOOST_TEST(take_request(peer).find("Basic dXNlcjpnZWhlaW0=") != std::string::npos);
        peer.send(established);
        serve(peer);
        check_linked(std::move(dialling));
    }
}

BOOST_AUTO_TEST_CASE(wrong_password)
{
    log_in();
    const std::string verdicts[] = {
        unauthorized(), "HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nwrong"
    };
    for (const auto& verdict : verdicts) {
        auto dialling = start_dial();
        blocking_peer peer(take());
        BOOST_TEST(!take_request(peer).empty());
        peer.send(unauthorized());
        BOOST_TEST(!take_request(peer).empty());
        peer.send(verdict);
        check_failed(
            std::move(dialling),
            "proxy: the proxy PROXY refused user and password (check the file)",
            true
        );
        BOOST_TEST(peer.read_to_end().empty());  // it is not tried again
    }
}

BOOST_AUTO_TEST_CASE(password_that_is_missing)
{
    auto dialling = start_dial();
    blocking_peer peer(take());
    BOOST_TEST(!take_request(peer).empty());
    peer.send(unauthorized("Proxy-Authenticate: Digest realm=\"x\", nonce=\"y\"\r\n"
                           "Proxy-Authenticate: NTLM\r\nContent-Length: 5\r\n"));
    check_failed(
        std::move(dialling),
        "proxy: the proxy PROXY wants Basic, Digest or NTLM credentials (put user:password into a "
        "file and name it with --upstream-proxy-auth-file)",
        true
    );
}

BOOST_AUTO_TEST_CASE(ticket_that_is_missing)
{
    // No ticket, wherever this runs.
    ::setenv("KRB5CCNAME", "FILE:/nonexistent", 1);
    auto dialling = start_dial();
    blocking_peer peer(take());
    for (int round = 0; round < 2; ++round) {
        BOOST_TEST(take_request(peer).find("Authorization") == std::string::npos);
        peer.send(unauthorized("Proxy-Authenticate: Negotiate\r\nContent-Length: 5\r\n"));
    }
    check_failed(
        std::move(dialling),
        "proxy: the proxy PROXY wants Basic or Negotiate credentials (put user:password into a "
        "file and name it with --upstream-proxy-auth-file)",
        true
    );
}

/// The world of `dialling` ends while a conversation is under way.
struct short_lived : http_proxied {
    std::future<transport::dial_outcome> dialling = start_dial();
    blocking_peer peer{take()};
    std::shared_ptr<std::atomic<unsigned>> talks = dial.proxy->talks;
};

BOOST_AUTO_TEST_CASE(conversation_whose_answer_comes_after_its_context)
{
    asio::io_context ours;
    std::optional<tcp::socket> proxy;
    std::shared_ptr<std::atomic<unsigned>> talks;
    {
        short_lived ends;
        BOOST_TEST(!take_request(ends.peer).empty());
        BOOST_TEST(*ends.talks == 1U);
        talks = ends.talks;
        proxy.emplace(ours, tcp::v4(), ends.peer.socket.release());
    }
    error_code ignored;  // it may have hung up
    asio::write(*proxy, asio::buffer(established), ignored);
    BOOST_TEST(all_over(*talks));
}

BOOST_AUTO_TEST_CASE(conversation_whose_answer_comes_before_its_context_ends)
{
    std::shared_ptr<std::atomic<unsigned>> talks;
    {
        short_lived ends;
        BOOST_TEST(!take_request(ends.peer).empty());
        BOOST_TEST(*ends.talks == 1U);
        talks = ends.talks;
        ends.peer.send(established);
    }
    BOOST_TEST(all_over(*talks));
}

BOOST_AUTO_TEST_CASE(proxy_that_cannot_be_reached)
{
    acceptor.close();
    check_failed(
        start_dial(),
        "proxy: the proxy cannot be reached: PROXY: Connection refused (check host and port in "
        "--upstream-proxy; is it running?)"
    );
    use("http://nowhere.example:3128");
    check_failed(
        start_dial(),
        "proxy: the proxy nowhere.example:3128: no such name (check the host in --upstream-proxy)"
    );
}

BOOST_AUTO_TEST_CASE(exempt_server_is_dialled_directly)
{
    BOOST_TEST_REQUIRE(dial.direct.add("a.example"));
    url.port = acceptor.local_endpoint().port();
    auto dialling = start_dial();
    blocking_peer peer(take());
    serve(peer);
    const auto outcome = get(std::move(dialling));
    BOOST_TEST_REQUIRE(outcome.link.has_value(), outcome.why.text());
    BOOST_TEST(outcome.link->peer_address == proxy_address);
}

BOOST_AUTO_TEST_CASE(address_of_the_last_link_is_not_taken_for_the_server)
{
    dial.address = tcp::endpoint(asio::ip::address_v4::loopback(), 1);
    auto dialling = start_dial();
    blocking_peer peer(take());
    BOOST_TEST(take_request(peer).starts_with("CONNECT a.example:8443 "));
    peer.send(established);
    serve(peer);
    check_linked(std::move(dialling));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
