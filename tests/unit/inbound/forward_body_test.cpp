#include <algorithm>

#include "world.hpp"

using namespace penstock::inbound::test;

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
    const std::string body(2 * 1024 * 1024, 'x');
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

BOOST_AUTO_TEST_SUITE_END()
