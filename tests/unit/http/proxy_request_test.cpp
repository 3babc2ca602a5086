#include <penstock/http/proxy_request.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>

#include "support.hpp"

namespace http = penstock::http;
using namespace penstock::http::test;
using http::errc;
using http::request_kind;

namespace {

http::request_head
parse(const std::string& line, const std::string& fields = "Host: ignored.example\r\n")
{
    return http::parse_request_head(bytes(line + "\r\n" + fields + "\r\n")).value();
}

struct good_row {
    std::string line;
    request_kind kind;
    std::string_view destination;
    std::string_view path;

    friend std::ostream& operator<<(std::ostream& os, const good_row& r) { return os << r.line; }
};

const good_row good_rows[] = {
    {"CONNECT example.org:443 HTTP/1.1", request_kind::tunnel, "example.org:443", ""},
    {"CONNECT EXAMPLE.org.:443 HTTP/1.0", request_kind::tunnel, "example.org:443", ""},
    {"CONNECT 192.0.2.1:22 HTTP/1.1", request_kind::tunnel, "192.0.2.1:22", ""},
    {"CONNECT [2001:db8::1]:443 HTTP/1.1", request_kind::tunnel, "[2001:db8::1]:443", ""},
    {"GET http://example.org HTTP/1.1", request_kind::forward, "example.org:80", "/"},
    {"GET HTTP://Example.ORG/A/b?c=d/e?f HTTP/1.1",
     request_kind::forward,
     "example.org:80",
     "/A/b?c=d/e?f"},
    {"GET http://example.org:8080/x HTTP/1.0", request_kind::forward, "example.org:8080", "/x"},
    {"GET http://example.org:/x HTTP/1.1", request_kind::forward, "example.org:80", "/x"},
    {"GET http://example.org?q HTTP/1.1", request_kind::forward, "example.org:80", "/?q"},
    {"GET http://[::1]/ HTTP/1.1", request_kind::forward, "[::1]:80", "/"},
    {"GET http://[::1]:81 HTTP/1.1", request_kind::forward, "[::1]:81", "/"},
    {"OPTIONS http://example.org HTTP/1.1", request_kind::forward, "example.org:80", "*"},
    {"OPTIONS http://example.org/ HTTP/1.1", request_kind::forward, "example.org:80", "/"},
    {"BREW http://example.org/pot HTTP/1.1", request_kind::forward, "example.org:80", "/pot"},
};

struct bad_row {
    std::string line;
    penstock::error_code expected;
    std::string fields = "Host: ignored.example\r\n";

    friend std::ostream& operator<<(std::ostream& os, const bad_row& r)
    {
        return os << r.line << " | " << r.fields;
    }
};

const bad_row bad_rows[] = {
    {"GET / HTTP/1.1", errc::not_a_proxy_request},
    {"GET //example.org/ HTTP/1.1", errc::not_a_proxy_request},
    {"GET /http://example.org/ HTTP/1.1", errc::not_a_proxy_request},
    {"OPTIONS * HTTP/1.1", errc::not_a_proxy_request},
    {"GET example.org:80 HTTP/1.1", errc::not_a_proxy_request},
    {"connect example.org:443 HTTP/1.1", errc::not_a_proxy_request},
    {"GET https://example.org/ HTTP/1.1", errc::unsupported_scheme},
    {"GET ftp://example.org/ HTTP/1.1", errc::unsupported_scheme},
    {"GET http:///x HTTP/1.1", errc::bad_request_target},
    {"GET http://user@example.org/ HTTP/1.1", errc::bad_request_target},
    {"GET http://example.org@evil:80/ HTTP/1.1", errc::bad_request_target},
    {"GET http://example.org:0/ HTTP/1.1", errc::bad_request_target},
    {"GET http://example.org:65536/ HTTP/1.1", errc::bad_request_target},
    {"GET http://example.org:8o/ HTTP/1.1", errc::bad_request_target},
    {"GET http://2001:db8::1/ HTTP/1.1", errc::bad_request_target},
    {"GET http://[::1%25lo]/ HTTP/1.1", errc::bad_request_target},
    {"GET http://127.1/ HTTP/1.1", errc::bad_request_target},
    {"GET http://exa_mple..org/ HTTP/1.1", errc::bad_request_target},
    {"GET http://example.org/#a HTTP/1.1", errc::bad_request_target},
    {"GET http://example.org\\x/ HTTP/1.1", errc::bad_request_target},
    {"CONNECT example.org HTTP/1.1", errc::bad_request_target},
    {"CONNECT example.org: HTTP/1.1", errc::bad_request_target},
    {"CONNECT :443 HTTP/1.1", errc::bad_request_target},
    {"CONNECT 2001:db8::1:443 HTTP/1.1", errc::bad_request_target},
    {"CONNECT http://example.org:443 HTTP/1.1", errc::bad_request_target},
    {"CONNECT example.org:443/ HTTP/1.1", errc::bad_request_target},
    {"CONNECT user@example.org:443 HTTP/1.1", errc::bad_request_target},
    {"CONNECT / HTTP/1.1", errc::bad_request_target},
    {"CONNECT example.org:443 HTTP/1.1", errc::body_in_connect, "Content-Length: 5\r\n"},
    {"CONNECT example.org:443 HTTP/1.1", errc::body_in_connect, "Transfer-Encoding: chunked\r\n"},
    {"CONNECT example.org:443 HTTP/1.1", errc::bad_host_field, "Host: a\r\nHost: a\r\n"},
    {"GET http://example.org/ HTTP/1.1", errc::bad_host_field, ""},
    {"GET http://example.org/ HTTP/1.1", errc::bad_host_field, "Host: a\r\nhost: a\r\n"},
    {"GET http://example.org/ HTTP/1.1", errc::bad_host_field, "Host: a b\r\n"},
    {"GET http://example.org/ HTTP/1.1", errc::bad_host_field, "Host: a,b\r\n"},
    {"GET http://example.org/ HTTP/1.0", errc::bad_host_field, "Host: a/b\r\n"},
};

std::string authorized(std::string_view value)
{
    return "Host: a\r\nProxy-Authorization: " + std::string(value) + "\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(proxy_request)

BOOST_DATA_TEST_CASE(request_is_classified, data::make(good_rows), row)
{
    const auto request = http::classify(parse(row.line));
    BOOST_TEST_REQUIRE(request.has_value());
    BOOST_TEST((request->kind == row.kind));
    BOOST_TEST(to_string(request->destination) == row.destination);
    BOOST_TEST(request->path == row.path);
}

BOOST_DATA_TEST_CASE(request_is_refused, data::make(bad_rows), row)
{
    const auto request = http::classify(parse(row.line, row.fields));
    BOOST_TEST_REQUIRE(request.has_error());
    BOOST_TEST(request.error() == row.expected);
}

BOOST_AUTO_TEST_CASE(host_may_be_missing_where_it_says_nothing)
{
    BOOST_TEST(http::classify(parse("CONNECT example.org:443 HTTP/1.1", "")).has_value());
    BOOST_TEST(http::classify(parse("GET http://example.org/ HTTP/1.0", "")).has_value());
    BOOST_TEST(http::classify(parse("CONNECT example.org:443 HTTP/1.1", "Content-Length: 0\r\n"))
                   .has_value());
}

BOOST_AUTO_TEST_CASE(max_forwards_ends_here_at_zero)
{
    const auto kind = [](const char* method, const char* hops) {
        return http::classify(parse(
                                  std::string(method) + " http://a/ HTTP/1.1",
                                  "Host: a\r\nMax-Forwards: " + std::string(hops) + "\r\n"
                              ))
            ->kind;
    };
    BOOST_TEST((kind("TRACE", "0") == request_kind::answer));
    BOOST_TEST((kind("OPTIONS", "0") == request_kind::answer));
    BOOST_TEST((kind("OPTIONS", "1") == request_kind::forward));
    BOOST_TEST((kind("GET", "0") == request_kind::forward));
}

BOOST_AUTO_TEST_CASE(basic_credentials_are_read)
{
    const auto read = [](std::string_view value) {
        return http::proxy_credentials(parse("CONNECT a:1 HTTP/1.1", authorized(value)))
            .value()
            .value();
    };
    BOOST_TEST(read("Basic YWxpY2U6c2VjcmV0").user == "alice");
    BOOST_TEST(read("Basic YWxpY2U6c2VjcmV0").password == "secret");
    BOOST_TEST(read("bASIC  YWxpY2U6c2VjcmV0").user == "alice");
    BOOST_TEST(read("Basic YTpiOmM=").user == "a");  // the first colon
    BOOST_TEST(read("Basic YTpiOmM=").password == "b:c");
    BOOST_TEST(read("Basic Og==").user.empty());
    BOOST_TEST(read("Basic asO8Og==").user == "j\xc3\xbc");
    BOOST_TEST(!http::proxy_credentials(parse("CONNECT a:1 HTTP/1.1")).value().has_value());
}

BOOST_AUTO_TEST_CASE(other_credentials_are_refused)
{
    for (const auto* const value :
         {"Basic",
          "Basic YWxpY2U=",
          "Basic Y*==",
          "Basic Y",
          "Basic YWxpY2U6c2VjcmV0 x",
          "Bearer YWxpY2U6c2VjcmV0",
          "BasicYWxpY2U6c2VjcmV0",
          ""})
        BOOST_TEST(
            (http::proxy_credentials(parse("CONNECT a:1 HTTP/1.1", authorized(value))).error() ==
             errc::bad_proxy_credentials),
            value
        );
    const auto twice = authorized("Basic YTpi") + "Proxy-Authorization: Basic YTpi\r\n";
    BOOST_TEST(http::proxy_credentials(parse("CONNECT a:1 HTTP/1.1", twice)).has_error());
}

BOOST_AUTO_TEST_CASE(only_a_websocket_is_an_upgrade)
{
    const auto wants = [](const char* line, const char* fields) {
        return http::wants_websocket(parse(line, fields));
    };
    BOOST_TEST(
        wants("GET http://a/ HTTP/1.1", "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n")
    );
    BOOST_TEST(!wants("GET http://a/ HTTP/1.1", "Upgrade: websocket\r\n"));
    BOOST_TEST(!wants("GET http://a/ HTTP/1.1", "Connection: upgrade\r\nUpgrade: h2c\r\n"));
    BOOST_TEST(!wants("POST http://a/ HTTP/1.1", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
    BOOST_TEST(!wants("GET http://a/ HTTP/1.0", "Connection: upgrade\r\nUpgrade: websocket\r\n"));
}

BOOST_AUTO_TEST_CASE(idempotent_methods)
{
    BOOST_TEST(http::is_idempotent(parse("GET http://a/ HTTP/1.1")));
    BOOST_TEST(http::is_idempotent(parse("DELETE http://a/ HTTP/1.1")));
    BOOST_TEST(!http::is_idempotent(parse("POST http://a/ HTTP/1.1")));
    BOOST_TEST(!http::is_idempotent(parse("get http://a/ HTTP/1.1")));
}

BOOST_AUTO_TEST_SUITE_END()
