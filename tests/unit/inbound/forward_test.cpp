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
