#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include "world.hpp"

using namespace penstock::inbound::test;
using namespace std::string_literals;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using penstock::failure;

namespace {

std::string get(const std::string& host, const std::string& path = "/")
{
    return "GET http://" + host + path +
           " HTTP/1.1\r\nHost: ignored\r\nProxy-Connection: keep-alive\r\n\r\n";
}

std::string forwarded(const std::string& host, const std::string& path = "/")
{
    return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nVia: 1.1 penstock\r\n\r\n";
}

const std::string hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const std::string hello_forwarded =
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVia: 1.1 penstock\r\n\r\nhello";

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_forward)

BOOST_DATA_TEST_CASE(request_goes_to_its_target, data::make({false, true}), slowly)
{
    world proxy;
    auto client = proxy.client();
    const auto request = get("example.org", "/a?b");
    slowly ? client.send_slowly(request) : client.send(request);
    auto target = proxy.target();
    target.expect(forwarded("example.org", "/a?b"));
    slowly ? target.send_slowly(hello) : target.send(hello);
    client.expect(hello_forwarded);
}

BOOST_AUTO_TEST_CASE(requests_on_one_connection_go_to_different_hosts)
{
    world proxy;
    auto client = proxy.client();
    client.send(get("a.example"));
    auto first = proxy.target();
    first.expect(forwarded("a.example"));
    first.send(hello);
    client.expect(hello_forwarded);

    client.send(get("b.example:8080"));
    auto second = proxy.target();
    BOOST_TEST(first.end() == "eof");
    second.expect(forwarded("b.example:8080"));
    second.send(hello);
    client.expect(hello_forwarded);

    client.send(get("b.example:8080", "/again"));
    second.expect(forwarded("b.example:8080", "/again"));
    second.send(hello);
    client.expect(hello_forwarded);

    const std::vector<std::string> opened{">a.example:80", ">b.example:8080"};
    BOOST_TEST(proxy.opener.requests() == opened, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(pipelined_requests_are_answered_in_order)
{
    world proxy;
    auto client = proxy.client();
    client.send(
        get("a.example") +
        "POST http://b.example/ HTTP/1.1\r\nHost: b\r\nContent-Length: 2\r\n\r\nhi" +
        get("c.example")
    );
    auto first = proxy.target();
    first.expect(forwarded("a.example"));
    first.send("HTTP/1.1 204 No Content\r\n\r\n");
    client.expect("HTTP/1.1 204 No Content\r\nVia: 1.1 penstock\r\n\r\n");
    auto second = proxy.target();
    second.expect(
        "POST / HTTP/1.1\r\nHost: b.example\r\nContent-Length: 2\r\nVia: 1.1 penstock\r\n\r\nhi"
    );
    second.send(hello);
    client.expect(hello_forwarded);
    auto third = proxy.target();
    third.expect(forwarded("c.example"));
}

BOOST_AUTO_TEST_CASE(identity_is_not_shared_and_not_forwarded)
{
    world proxy({}, "alice:password:plain$secret\nbob:password:plain$secret\n");
    auto client = proxy.client();
    const auto as = [](std::string_view credentials) {
        return "GET http://a.example/ HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic " +
               std::string(credentials) + "\r\n\r\n";
    };
    client.send(as("YWxpY2U6c2VjcmV0"));
    auto first = proxy.target();
    first.expect(forwarded("a.example"));
    first.send(hello);
    client.expect(hello_forwarded);
    client.send(as("Ym9iOnNlY3JldA=="));
    auto second = proxy.target();
    second.expect(forwarded("a.example"));
    const std::vector<std::string> opened{"alice>a.example:80", "bob>a.example:80"};
    BOOST_TEST(proxy.opener.requests() == opened, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(chunks_pass_both_ways)
{
    world proxy;
    auto client = proxy.client();
    client.send("POST http://a.example/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                "chunked\r\n\r\n3;x=y\r\nabc\r\n");
    auto target = proxy.target();
    target.expect("POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nVia: 1.1 "
                  "penstock\r\n\r\n"
                  "3\r\nabc\r\n");
    // The answer may begin before the request ends.
    target.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n");
    client.expect(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nVia: 1.1 penstock\r\n\r\n2\r\nde\r\n"
    );
    client.send("0\r\nX-Sum: 1\r\n\r\n");
    target.expect("0\r\nX-Sum: 1\r\n\r\n");
    target.send("0\r\nX-Sum: 2\r\n\r\n");
    client.expect("0\r\nX-Sum: 2\r\n\r\n");

    client.send(get("a.example"));
    target.expect(forwarded("a.example"));
}

BOOST_AUTO_TEST_CASE(large_bodies_stream_both_ways_at_once)
{
    world proxy;
    auto client = proxy.client();
    const std::string body(8 * 1024 * 1024, 'x');
    const auto length = std::to_string(body.size());
    client.send(
        "PUT http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n"
    );
    auto target = proxy.target();
    target.receive_head();
    target.send("HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n");
    std::thread echo([&] {
        for (std::size_t done = 0; done < body.size();) {
            const auto piece = target.receive(std::min<std::size_t>(65'536, body.size() - done));
            if (piece.empty())
                return;
            target.send(piece);
            done += piece.size();
        }
    });
    std::thread sender([&] { client.send(body); });
    client.receive_head();
    const auto received = client.receive(body.size());
    sender.join();
    echo.join();
    BOOST_TEST((received == body));
    client.send(get("a.example"));
    target.expect(forwarded("a.example"));
}

BOOST_AUTO_TEST_CASE(answers_without_body_do_not_wait_for_one)
{
    world proxy;
    auto client = proxy.client();
    client.send("HEAD http://a.example/ HTTP/1.1\r\nHost: a\r\n\r\n");
    auto target = proxy.target();
    target.receive_head();
    target.send("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    client.expect("HTTP/1.1 200 OK\r\nContent-Length: 500\r\nVia: 1.1 penstock\r\n\r\n");
    client.send(get("a.example"));
    target.expect(forwarded("a.example"));
    target.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n");
    client.expect("HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nVia: 1.1 penstock\r\n\r\n");
    client.send(get("a.example", "/next"));
    target.expect(forwarded("a.example", "/next"));
}

BOOST_AUTO_TEST_CASE(interim_responses_pass)
{
    world proxy;
    auto client = proxy.client();
    client.send("POST http://a.example/ HTTP/1.1\r\nHost: a\r\nExpect: "
                "100-continue\r\nContent-Length: 2\r\n\r\n");
    auto target = proxy.target();
    BOOST_TEST(has(target.receive_head(), "Expect: 100-continue\r\n"));
    target.send("HTTP/1.1 100 Continue\r\n\r\n");
    client.expect("HTTP/1.1 100 Continue\r\nVia: 1.1 penstock\r\n\r\n");
    client.send("hi");
    target.expect("hi");
    target.send("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + hello);
    client.expect(
        "HTTP/1.1 103 Early Hints\r\nLink: x\r\nVia: 1.1 penstock\r\n\r\n" + hello_forwarded
    );
}

BOOST_AUTO_TEST_CASE(old_clients_get_no_chunks)
{
    world proxy;
    auto client = proxy.client();
    client.send("GET http://a.example/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    auto target = proxy.target();
    target.expect(forwarded("a.example"));
    target.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n0\r\n\r\n");
    client.expect("HTTP/1.1 200 OK\r\nConnection: close\r\nVia: 1.1 penstock\r\n\r\nhello");
    BOOST_TEST(client.end() == "eof");
}

BOOST_AUTO_TEST_CASE(failure_is_told_and_keeps_the_connection)
{
    world proxy;
    proxy.opener.refuse("a.example:80", failure::name_not_found);
    auto client = proxy.client();
    client.send(get("a.example"));
    const auto head = client.receive_head();
    BOOST_TEST(head.starts_with("HTTP/1.1 502 "));
    BOOST_TEST(has(head, "Proxy-Status: penstock; error=dns_error; details=\"because of the test\"")
    );
    const auto page = client.receive_until("</html>\n");
    BOOST_TEST(has(page, "<strong>a.example:80</strong>: the name does not exist"));
    client.send(get("b.example"));
    auto target = proxy.target();
    target.expect(forwarded("b.example"));
}

BOOST_AUTO_TEST_CASE(proxy_answers_what_may_not_be_forwarded)
{
    world proxy;
    auto client = proxy.client();
    client.send("OPTIONS http://a.example HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n");
    BOOST_TEST(has(client.receive_head(), "\r\nAllow: "));
    client.send("OPTIONS http://a.example HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n");
    auto target = proxy.target();
    BOOST_TEST(target.receive_head().starts_with(
        "OPTIONS * HTTP/1.1\r\nHost: a.example\r\nMax-Forwards: 0\r\n"
    ));
}

BOOST_AUTO_TEST_CASE(websocket_becomes_a_tunnel)
{
    for (const bool abort : {false, true}) {
        world proxy;
        auto client = proxy.client();
        client.send("GET http://a.example/chat HTTP/1.1\r\nHost: a\r\nConnection: "
                    "Upgrade\r\nUpgrade: websocket\r\n\r\n");
        auto target = proxy.target();
        target.expect(
            "GET /chat HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Via: 1.1 penstock\r\n\r\n"
        );
        target.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
                    "websocket\r\n\r\nfirst");
        client.expect(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Via: 1.1 penstock\r\n\r\nfirst"
        );
        client.send("\x81\x02hi");
        target.expect("\x81\x02hi");
        target.send("last");
        client.expect("last");
        if (abort) {
            target.reset();
            BOOST_TEST(client.end() == "reset");
        } else {
            target.finish();
            BOOST_TEST(client.end() == "eof");
            client.send("bye");
            target.expect("bye");
            client.finish();
            BOOST_TEST(target.end() == "eof");
        }
        proxy.wait_for_no_conversation();
    }
}

BOOST_AUTO_TEST_SUITE_END()
