#include <penstock/http/forward.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

#include "support.hpp"

namespace http = penstock::http;
using namespace penstock::http::test;
using http::after_response;
using http::body_framing;

namespace {

std::string forwarded(const std::string& head_text)
{
    const auto head = http::parse_request_head(bytes(head_text)).value();
    return http::encode_forwarded_request(
        head,
        http::classify(head).value(),
        http::framing_of(head).value(),
        http::wants_websocket(head)
    );
}

std::string
forwarded_response(const std::string& head_text, after_response next, bool keep_chunks = true)
{
    const auto head = http::parse_response_head(bytes(head_text)).value();
    return http::encode_forwarded_response(
        head, http::framing_of(head, "GET").value(), keep_chunks, next
    );
}

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forward)

BOOST_AUTO_TEST_CASE(request_becomes_origin_form)
{
    BOOST_TEST(
        forwarded("GET http://Example.org:80/a?b HTTP/1.0\r\nAccept: x\r\nHost: "
                  "other.example\r\nAccept: y\r\n\r\n") ==
        "GET /a?b HTTP/1.1\r\nHost: example.org\r\nAccept: x\r\nAccept: y\r\nVia: 1.1 "
        "penstock\r\n\r\n"
    );
    BOOST_TEST(
        forwarded("PUT http://[2001:DB8::1]:81/ HTTP/1.1\r\nHost: x\r\nVia: 1.0 "
                  "fred\r\nContent-Length: 3\r\n"
                  "Content-Length: 3\r\nExpect: 100-continue\r\n\r\n") ==
        "PUT / HTTP/1.1\r\nHost: [2001:db8::1]:81\r\nVia: 1.0 fred\r\nExpect: "
        "100-continue\r\nContent-Length: 3\r\n"
        "Via: 1.1 penstock\r\n\r\n"
    );
}

BOOST_AUTO_TEST_CASE(fields_of_one_connection_stay_behind)
{
    BOOST_TEST(
        forwarded(
            "POST http://a/ HTTP/1.1\r\nX-One: 1\r\nHost: a\r\nConnection: x-one, Connection\r\n"
            "Proxy-Connection: keep-alive\r\nKeep-Alive: 5\r\nTE: trailers\r\nTransfer-Encoding: "
            "chunked\r\n"
            "Upgrade: h2c\r\nProxy-Authorization: Basic YTpi\r\nProxy-Authenticate: "
            "x\r\nconnection: X-Two\r\n"
            "x-two: 2\r\nX-Three: 3\r\n\r\n"
        ) == "POST / HTTP/1.1\r\nHost: a\r\nX-Three: 3\r\nTransfer-Encoding: chunked\r\nVia: 1.1 "
             "penstock\r\n\r\n"
    );
}

BOOST_AUTO_TEST_CASE(connection_cannot_remove_what_the_proxy_adds)
{
    const auto out = forwarded("POST http://a/ HTTP/1.1\r\nHost: a\r\nConnection: Host, Via, "
                               "Content-Length, close\r\nContent-Length: 3\r\n\r\n");
    BOOST_TEST(
        out == "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nVia: 1.1 penstock\r\n\r\n"
    );
}

BOOST_AUTO_TEST_CASE(websocket_is_passed_on)
{
    BOOST_TEST(
        forwarded("GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, "
                  "Upgrade\r\nUpgrade: h2c, websocket\r\n"
                  "Sec-WebSocket-Key: k\r\n\r\n") ==
        "GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: "
        "websocket\r\n"
        "Via: 1.1 penstock\r\n\r\n"
    );
}

BOOST_AUTO_TEST_CASE(max_forwards_counts_down_for_two_methods)
{
    BOOST_TEST(
        has(forwarded("TRACE http://a/ HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\n\r\n"),
            "Max-Forwards: 9\r\n")
    );
    BOOST_TEST(
        has(forwarded("OPTIONS http://a HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\n\r\n"),
            "Max-Forwards: 0\r\n")
    );
    BOOST_TEST(
        has(forwarded("GET http://a/ HTTP/1.1\r\nHost: a\r\nMax-Forwards: 10\r\n\r\n"),
            "Max-Forwards: 10\r\n")
    );
    BOOST_TEST(
        has(forwarded("TRACE http://a/ HTTP/1.1\r\nHost: a\r\nMax-Forwards: -1\r\n\r\n"),
            "Max-Forwards: -1\r\n")
    );
}

BOOST_AUTO_TEST_CASE(trace_echoes_without_secrets)
{
    const auto head =
        http::parse_request_head(bytes("TRACE http://a/ HTTP/1.1\r\nHost: a\r\nCookie: c\r\n"
                                       "Authorization: d\r\nProxy-Authorization: e\r\nX: y\r\n\r\n")
        )
            .value();
    BOOST_TEST(
        http::encode_final_answer(head, after_response::keep_alive) ==
        "HTTP/1.1 200 OK\r\nContent-Type: message/http\r\nContent-Length: 43\r\nVia: 1.1 "
        "penstock\r\n\r\n"
        "TRACE http://a/ HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"
    );
    const auto options =
        http::parse_request_head(bytes("OPTIONS http://a HTTP/1.1\r\nHost: a\r\n\r\n")).value();
    const auto answer = http::encode_final_answer(options, after_response::close);
    BOOST_TEST(has(answer, "\r\nAllow: CONNECT, "));
    BOOST_TEST(has(answer, "\r\nContent-Length: 0\r\nConnection: close\r\n"));
}

BOOST_AUTO_TEST_CASE(response_is_framed_for_the_client)
{
    const std::string head = "HTTP/1.0 200 Fine\r\nConnection: x-hop, keep-alive\r\nX-Hop: "
                             "1\r\nKeep-Alive: 5\r\nProxy-Authenticate: Basic\r\n"
                             "Set-Cookie: a\r\nSet-Cookie: b\r\n";
    BOOST_TEST(
        forwarded_response(head + "Content-Length: 3\r\n\r\n", after_response::keep_alive) ==
        "HTTP/1.1 200 Fine\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 3\r\nVia: 1.1 "
        "penstock\r\n\r\n"
    );
    BOOST_TEST(
        forwarded_response(head + "\r\n", after_response::close) ==
        "HTTP/1.1 200 Fine\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nConnection: close\r\nVia: 1.1 "
        "penstock\r\n\r\n"
    );
    const std::string chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nTrailer: X\r\n\r\n";
    BOOST_TEST(
        forwarded_response(chunked, after_response::keep_alive) ==
        "HTTP/1.1 200 OK\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\nVia: 1.1 penstock\r\n\r\n"
    );
    BOOST_TEST(!has(forwarded_response(chunked, after_response::close, false), "chunked"));
    BOOST_TEST(
        forwarded_response(
            "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            after_response::upgrade
        ) == "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nVia: 1.1 "
             "penstock\r\n\r\n"
    );
}

BOOST_AUTO_TEST_CASE(tunnel_is_established_without_framing)
{
    const auto head = http::parse_response_head(bytes(http::tunnel_established())).value();
    BOOST_TEST(head.status == 200u);
    BOOST_TEST(head.fields.empty());
}

BOOST_AUTO_TEST_CASE(connection_is_kept_only_where_both_may)
{
    const auto request = [](std::string_view head) {
        return http::keeps_alive(http::parse_request_head(bytes(head)).value());
    };
    BOOST_TEST(request("GET http://a/ HTTP/1.1\r\n\r\n"));
    BOOST_TEST(!request("GET http://a/ HTTP/1.1\r\nConnection: x, Close\r\n\r\n"));
    BOOST_TEST(!request("GET http://a/ HTTP/1.1\r\nProxy-Connection: close\r\n\r\n"));
    BOOST_TEST(!request("GET http://a/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));

    const auto response = [](std::string_view head) {
        return http::keeps_alive(http::parse_response_head(bytes(head)).value());
    };
    BOOST_TEST(response("HTTP/1.1 200 OK\r\n\r\n"));
    BOOST_TEST(!response("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
    BOOST_TEST(!response("HTTP/1.0 200 OK\r\n\r\n"));
}

BOOST_AUTO_TEST_SUITE_END()
