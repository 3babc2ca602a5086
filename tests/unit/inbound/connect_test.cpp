#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <ostream>

#include "world.hpp"

using namespace penstock::inbound::test;
using namespace std::string_literals;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;
using penstock::failure;

namespace {

const std::string connect_request =
    "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n";
const std::string established = "HTTP/1.1 200 Connection established\r\n\r\n";

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

/// The head and the body that its Content-Length announces.
std::string receive_problem(peer& client)
{
    auto text = client.receive_head();
    const auto at = text.find("Content-Length: ");
    BOOST_TEST_REQUIRE(at != std::string::npos, text);
    return text + client.receive(std::stoul(text.substr(at + 16)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_connect)

BOOST_DATA_TEST_CASE(request_becomes_a_tunnel, data::make({false, true}), slowly)
{
    world proxy;
    auto client = proxy.client();
    if (slowly)
        client.send_slowly(connect_request + "early");
    else
        client.send(connect_request + "early");
    auto target = proxy.target();
    client.expect(established);
    target.expect("early");
    target.send("answer");
    client.expect("answer");
    BOOST_TEST(proxy.opener.requests().front() == ">example.org:443");
    proxy.wait_for_no_conversation();
    client.finish();
    BOOST_TEST(target.end() == "eof");
    target.send("last words");
    target.finish();
    client.expect("last words");
    BOOST_TEST(client.end() == "eof");
}

BOOST_AUTO_TEST_CASE(old_clients_get_a_tunnel)
{
    world proxy;
    auto client = proxy.client();
    client.send("CONNECT [2001:db8::1]:22 HTTP/1.0\r\n\r\n");
    auto target = proxy.target();
    client.expect(established);
    BOOST_TEST(proxy.opener.requests().front() == ">[2001:db8::1]:22");
}

struct told {
    failure code;
    std::string_view status;
    std::string_view error;
    friend std::ostream& operator<<(std::ostream& os, const told& t)
    {
        return os << describe(t.code).text;
    }
};

const told told_rows[] = {
    {failure::general, "502 ", "proxy_internal_error"},
    {failure::denied, "403 ", "destination_ip_prohibited"},
    {failure::network_unreachable, "502 ", "destination_ip_unroutable"},
    {failure::host_unreachable, "502 ", "destination_unavailable"},
    {failure::connection_refused, "502 ", "connection_refused"},
    {failure::dial_timeout, "504 ", "connection_timeout"},
    {failure::name_not_found, "502 ", "dns_error"},
    {failure::name_lookup_failed, "504 ", "dns_timeout"},
    {failure::overloaded, "503 ", "connection_limit_reached"},
    {failure::tunnel_unavailable, "503 ", "destination_unavailable"},
};

BOOST_DATA_TEST_CASE(failure_is_told_and_keeps_the_connection, data::make(told_rows), row)
{
    world proxy;
    proxy.opener.refuse("example.org:443", row.code);
    auto client = proxy.client();
    client.send(connect_request);
    const auto text = receive_problem(client);
    BOOST_TEST(text.starts_with("HTTP/1.1 " + std::string(row.status)));
    BOOST_TEST(
        has(text,
            "Proxy-Status: penstock; error=" + std::string(row.error) +
                "; details=\"because of the test\"")
    );
    BOOST_TEST(has(text, "\r\nRetry-After: ") == (row.status == "503 "));
    BOOST_TEST(!has(text, "Connection: close"));

    client.send("CONNECT other.example:443 HTTP/1.1\r\n\r\n");
    auto target = proxy.target();
    client.expect(established);
}

BOOST_AUTO_TEST_CASE(early_data_of_a_failed_tunnel_is_no_request)
{
    world proxy;
    proxy.opener.refuse("example.org:443", failure::connection_refused);
    auto client = proxy.client();
    client.send(
        connect_request + "GET http://inside.example/ HTTP/1.1\r\nHost: inside.example\r\n\r\n"
    );
    BOOST_TEST(has(receive_problem(client), "Connection: close\r\n"));
    BOOST_TEST(client.end() == "eof");
    BOOST_TEST(proxy.opener.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(credentials_may_follow_the_challenge)
{
    world proxy({}, "alice:password:plain$secret\n");
    auto client = proxy.client();
    client.send(connect_request);
    const auto challenge = receive_problem(client);
    BOOST_TEST(challenge.starts_with("HTTP/1.1 407 "));
    BOOST_TEST(
        has(challenge, "\r\nProxy-Authenticate: Basic realm=\"penstock\", charset=\"UTF-8\"\r\n")
    );
    BOOST_TEST(!has(challenge, "Connection: close"));

    client.send(
        "CONNECT example.org:443 HTTP/1.1\r\nProxy-Authorization: Basic YWxpY2U6d3Jvbmc=\r\n\r\n"
    );
    BOOST_TEST(receive_problem(client).starts_with("HTTP/1.1 407 "));
    client.send("CONNECT example.org:443 HTTP/1.1\r\nProxy-Authorization: Bearer x\r\n\r\n");
    BOOST_TEST(receive_problem(client).starts_with("HTTP/1.1 407 "));
    BOOST_TEST(proxy.opener.requests().empty());

    client.send(
        "CONNECT example.org:443 HTTP/1.1\r\nProxy-Authorization: basic YWxpY2U6c2VjcmV0\r\n\r\n"
    );
    auto target = proxy.target();
    client.expect(established);
    BOOST_TEST(proxy.opener.requests().front() == "alice>example.org:443");
}

BOOST_AUTO_TEST_CASE(challenge_closes_where_a_body_is_unread)
{
    world proxy({}, "alice:password:plain$secret\n");
    auto client = proxy.client();
    client.send("POST http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    const auto challenge = receive_problem(client);
    BOOST_TEST(challenge.starts_with("HTTP/1.1 407 "));
    BOOST_TEST(has(challenge, "Connection: close\r\n"));
    BOOST_TEST(client.end() == "eof");
}

struct refused {
    std::string request;
    std::string_view status;
    friend std::ostream& operator<<(std::ostream& os, const refused& r) { return os << r.request; }
};

const refused refused_rows[] = {
    {"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "400 "},
    {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "400 "},
    {"GET https://example.org/ HTTP/1.1\r\nHost: example.org\r\n\r\n", "501 "},
    {"CONNECT example.org HTTP/1.1\r\n\r\n", "400 "},
    {"CONNECT example.org:443 HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody", "400 "},
    {"GET http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
     "400 "},
    {"GET http://a/ HTTP/1.1\r\nHost : a\r\n\r\n", "400 "},
    {"GET http://a/ HTTP/1.1\nHost: a\n\n", "400 "},
    {"GET http://a/ HTTP/3.0\r\n\r\n", "505 "},
    {"SSH-2.0-OpenSSH_9.2\r\n", "400 "},
    {"GET http://a/ HTTP/1.1\r\nX: " + std::string(64 * 1024, 'x'), "431 "},
};

BOOST_DATA_TEST_CASE(what_is_no_proxy_request_is_refused, data::make(refused_rows), row)
{
    world proxy;
    auto client = proxy.client();
    client.send(row.request);
    const auto text = receive_problem(client);
    BOOST_TEST(text.starts_with("HTTP/1.1 " + std::string(row.status)));
    BOOST_TEST(has(text, "Proxy-Status: penstock; error=http_request_"));
    BOOST_TEST(client.end() == "eof");
    BOOST_TEST(proxy.opener.requests().empty());
}

BOOST_AUTO_TEST_CASE(slow_head_is_told_and_closed)
{
    penstock::inbound::settings impatient;
    impatient.handshake_timeout = 100ms;
    world proxy(impatient);
    auto client = proxy.client();
    client.send("CONNECT example.org:443 HT");
    BOOST_TEST(receive_problem(client).starts_with("HTTP/1.1 408 "));
    BOOST_TEST(client.end() == "eof");
}

BOOST_AUTO_TEST_CASE(client_that_resets_cancels_its_request)
{
    world proxy;
    proxy.opener.stall();
    auto client = proxy.client();
    client.send(connect_request + "unread");
    while (proxy.opener.requests().empty())
        std::this_thread::yield();
    client.reset();
    proxy.opener.wait_for_cancelled_open();
    proxy.wait_for_no_conversation();
}

BOOST_AUTO_TEST_SUITE_END()
