#include <penstock/http/problem.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>

#include "support.hpp"

namespace http = penstock::http;
using namespace penstock::http::test;
using http::after_response;
using penstock::failure;

namespace {

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(problem)

struct told {
    failure code;
    unsigned status;
    std::string_view error;

    friend std::ostream& operator<<(std::ostream& os, const told& row)
    {
        return os << describe(row.code).text;
    }
};

const told told_rows[] = {
    {failure::general, 502, "proxy_internal_error"},
    {failure::denied, 403, "destination_ip_prohibited"},
    {failure::network_unreachable, 502, "destination_ip_unroutable"},
    {failure::host_unreachable, 502, "destination_unavailable"},
    {failure::connection_refused, 502, "connection_refused"},
    {failure::dial_timeout, 504, "connection_timeout"},
    {failure::name_not_found, 502, "dns_error"},
    {failure::name_lookup_failed, 504, "dns_timeout"},
    {failure::overloaded, 503, "connection_limit_reached"},
    {failure::tunnel_unavailable, 503, "destination_unavailable"},
};

BOOST_DATA_TEST_CASE(failure_is_told_exactly, data::make(told_rows), row)
{
    const auto out = http::encode_problem(
        http::problem_of(row.code), {.detail = "the detail", .subject = "a:1"}
    );

    const auto head_end = out.find("\r\n\r\n") + 4;
    const auto head =
        http::parse_response_head(bytes(std::string_view(out).substr(0, head_end))).value();
    BOOST_TEST(head.status == row.status);
    BOOST_TEST(
        http::value_of(head.fields, "Proxy-Status") ==
        "penstock; error=" + std::string(row.error) + "; details=\"the detail\""
    );
    BOOST_TEST(http::count(head.fields, "Retry-After") == (row.status == 503 ? 1u : 0u));
    BOOST_TEST(http::count(head.fields, "Proxy-Authenticate") == 0u);
    BOOST_TEST(http::framing_of(head, "CONNECT")->octets == out.size() - head_end);
    BOOST_TEST(!http::keeps_alive(head));
    BOOST_TEST(
        has(out.substr(head_end), "<strong>a:1</strong>: " + std::string(describe(row.code).text))
    );
}

BOOST_AUTO_TEST_CASE(untrusted_text_is_made_harmless)
{
    const auto out = http::encode_problem(
        http::problem_of(failure::general),
        {.detail = "<b>&\"'\\\r\nX: y\x80", .subject = "<script>"}
    );
    BOOST_TEST(has(out, "details=\"<b>&\\\"'\\\\??X: y?\"\r\n"));
    BOOST_TEST(has(out, "<p>&lt;b&gt;&amp;&quot;&#39;\\??X: y?</p>"));
    BOOST_TEST(!has(out, "<script>"));
}

BOOST_AUTO_TEST_CASE(challenge_keeps_the_connection)
{
    const auto out =
        http::encode_problem(http::authentication_required(), {.next = after_response::keep_alive});
    BOOST_TEST(has(out, "HTTP/1.1 407 Proxy Authentication Required\r\n"));
    BOOST_TEST(has(out, "\r\nProxy-Authenticate: Basic realm=\"penstock\", charset=\"UTF-8\"\r\n"));
    BOOST_TEST(!has(out, "Connection:"));
}

BOOST_AUTO_TEST_CASE(answer_to_head_has_no_body)
{
    const auto out = http::encode_problem(http::problem_of(failure::denied), {.head_only = true});
    BOOST_TEST(out.ends_with("\r\n\r\n"));
    BOOST_TEST(!has(out, "Content-Length: 0\r\n"));
}

BOOST_AUTO_TEST_CASE(each_party_is_blamed_for_its_own)
{
    using http::errc;
    const auto status = [](errc e) { return http::problem_of(e).status; };
    BOOST_TEST(status(errc::not_a_proxy_request) == 400u);
    BOOST_TEST(status(errc::conflicting_framing) == 400u);
    BOOST_TEST(status(errc::head_too_large) == 431u);
    BOOST_TEST(status(errc::too_many_fields) == 431u);
    BOOST_TEST(status(errc::unsupported_scheme) == 501u);
    BOOST_TEST(status(errc::unsupported_transfer_coding) == 501u);
    BOOST_TEST(status(errc::unsupported_version) == 505u);
    BOOST_TEST(status(errc::bad_proxy_credentials) == 407u);
    BOOST_TEST(http::problem_of(errc::bad_chunk).proxy_status_error == "http_request_error");
    BOOST_TEST(
        http::problem_of(errc::not_a_proxy_request).proxy_status_error == "http_request_denied"
    );
    BOOST_TEST(
        http::upstream_problem_of(errc::bad_chunk).proxy_status_error == "http_protocol_error"
    );
    BOOST_TEST(
        http::upstream_problem_of(errc::truncated_body).proxy_status_error ==
        "http_response_incomplete"
    );
    BOOST_TEST(http::upstream_problem_of(errc::bad_chunk).status == 502u);
    BOOST_TEST(http::response_timeout().status == 504u);
    BOOST_TEST(http::request_timeout().status == 408u);
}

BOOST_AUTO_TEST_SUITE_END()
