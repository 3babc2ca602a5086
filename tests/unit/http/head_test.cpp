#define BOOST_TEST_MODULE http
#include <penstock/http/body.hpp>
#include <penstock/http/message.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <ostream>
#include <string>

#include "support.hpp"

namespace http = penstock::http;
using namespace penstock::http::test;
using namespace std::string_literals;
using http::errc;
using penstock::error_code;

namespace {

constexpr http::head_limits small{.octets_max = 400, .fields_max = 4};

/// As a connection does it: scan what arrived, parse the head when it is whole, look at its
/// framing.
error_code read_request(std::string_view stream, std::size_t piece, std::size_t& used)
{
    http::head_scanner scanner(small);
    for (std::size_t end = std::min(piece, stream.size());;
         end = std::min(end + piece, stream.size())) {
        const auto found = scanner.handle_octets(bytes(stream.substr(0, end)));
        if (!found)
            return found.error();
        if (*found == 0 && end < stream.size())
            continue;
        used = *found;
        if (used == 0)
            return {};
        const auto head = http::parse_request_head(bytes(stream.substr(0, used)), small);
        if (!head)
            return head.error();
        const auto framing = http::framing_of(*head);
        return framing ? error_code() : framing.error();
    }
}

struct row {
    std::string_view what;
    std::string input;
    error_code expected;

    friend std::ostream& operator<<(std::ostream& os, const row& r) { return os << r.what; }
};

std::string get(std::string_view fields)
{
    return "GET http://a/ HTTP/1.1\r\n" + std::string(fields) + "\r\n";
}

const row malformed_requests[] = {
    {"bare LF after the request line", "GET http://a/ HTTP/1.1\nHost: a\r\n\r\n", errc::bad_line_end
    },
    {"bare LF after a field", get("Host: a\n"), errc::bad_line_end},
    {"bare CR in a value", get("Host: a\rb\r\n"), errc::bad_line_end},
    {"CR CR LF", get("Host: a\r\r\n"), errc::bad_line_end},
    {"NUL in a value", get("X: a\0b\r\n"s), errc::bad_octet},
    {"escape in a value", get("X: a\x1b[0m\r\n"), errc::bad_octet},
    {"DEL in a value", get("X: a\x7f\r\n"), errc::bad_octet},
    {"two empty lines first", "\r\n\r\nGET http://a/ HTTP/1.1\r\n\r\n", errc::bad_start_line},
    {"obs-fold", get("Host: a\r\n b\r\n"), errc::folded_field},
    {"obs-fold with a tab", get("Host: a\r\n\tb\r\n"), errc::folded_field},
    {"a space before the first field", get(" Host: a\r\n"), errc::folded_field},
    {"space before colon", get("Content-Length : 5\r\n"), errc::bad_field},
    {"tab before colon", get("Content-Length\t: 5\r\n"), errc::bad_field},
    {"no colon", get("Host\r\n"), errc::bad_field},
    {"empty name", get(": a\r\n"), errc::bad_field},
    {"delimiter in a name", get("Ho(st: a\r\n"), errc::bad_field},
    {"non-ASCII octet in a name", get("Ho\xc3\xa4: a\r\n"), errc::bad_field},
    {"Connection is no list of tokens", get("Connection: a b\r\n"), errc::bad_field},
    {"no version", "GET http://a/\r\n\r\n", errc::bad_start_line},
    {"two spaces", "GET  http://a/ HTTP/1.1\r\n\r\n", errc::bad_start_line},
    {"space in the target", "GET http://a/ b HTTP/1.1\r\n\r\n", errc::bad_start_line},
    {"another protocol's greeting",
     "SSH-2.0-OpenSSH_9.2\r\nthat waits for an answer",
     errc::bad_start_line},
    {"no method", " http://a/ HTTP/1.1\r\n\r\n", errc::bad_start_line},
    {"delimiter in the method", "G(T http://a/ HTTP/1.1\r\n\r\n", errc::bad_start_line},
    {"something behind the version", "GET http://a/ HTTP/1.1 \r\n\r\n", errc::bad_start_line},
    {"lower-case version", "GET http://a/ http/1.1\r\n\r\n", errc::bad_start_line},
    {"HTTP/2.0", "PRI * HTTP/2.0\r\n\r\n", errc::unsupported_version},
    {"HTTP/1.2", "GET http://a/ HTTP/1.2\r\n\r\n", errc::unsupported_version},
    {"HTTP/0.9 in words", "GET http://a/ HTTP/0.9\r\n\r\n", errc::unsupported_version},
    {"five fields where four may be",
     get("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\n"),
     errc::too_many_fields},
    {"one octet too many", get("A: " + std::string(400 - 30, 'x') + "\r\n"), errc::head_too_large},

    {"length and chunked",
     get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
     errc::conflicting_framing},
    {"chunked and length",
     get("transfer-encoding: CHUNKED\r\ncontent-length: 5\r\n"),
     errc::conflicting_framing},
    {"lengths that differ",
     get("Content-Length: 5\r\nContent-Length: 6\r\n"),
     errc::bad_content_length},
    {"a list of lengths that differ", get("Content-Length: 5, 6\r\n"), errc::bad_content_length},
    {"a list of equal lengths", get("Content-Length: 5, 5\r\n"), errc::bad_content_length},
    {"signed length", get("Content-Length: +5\r\n"), errc::bad_content_length},
    {"negative length", get("Content-Length: -5\r\n"), errc::bad_content_length},
    {"hexadecimal length", get("Content-Length: 0x5\r\n"), errc::bad_content_length},
    {"empty length", get("Content-Length: \r\n"), errc::bad_content_length},
    {"length of 2^64", get("Content-Length: 18446744073709551616\r\n"), errc::bad_content_length},
    {"length of 2^63", get("Content-Length: 9223372036854775808\r\n"), errc::bad_content_length},
    {"chunked is not last", get("Transfer-Encoding: chunked, gzip\r\n"), errc::bad_transfer_encoding
    },
    {"no chunked", get("Transfer-Encoding: gzip\r\n"), errc::bad_transfer_encoding},
    {"identity", get("Transfer-Encoding: identity\r\n"), errc::bad_transfer_encoding},
    {"chunked twice", get("Transfer-Encoding: chunked, chunked\r\n"), errc::bad_transfer_encoding},
    {"chunked in two fields",
     get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
     errc::bad_transfer_encoding},
    {"chunked with a parameter",
     get("Transfer-Encoding: chunked;q=1\r\n"),
     errc::bad_transfer_encoding},
    {"something like chunked", get("Transfer-Encoding: xchunked\r\n"), errc::bad_transfer_encoding},
    {"empty Transfer-Encoding", get("Transfer-Encoding:\r\n"), errc::bad_transfer_encoding},
    {"HTTP/1.0 with chunked",
     "POST http://a/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
     errc::bad_transfer_encoding},
    {"another coding before chunked",
     get("Transfer-Encoding: gzip, chunked\r\n"),
     errc::unsupported_transfer_coding},
};

const row whole_requests[] = {
    {"no field", get(""), {}},
    {"HTTP/1.0", "GET http://a/ HTTP/1.0\r\n\r\n", {}},
    {"one empty line first", "\r\n" + get("Host: a\r\n"), {}},
    {"as many fields as allowed", get("A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n"), {}},
    {"as many octets as allowed", get("A: " + std::string(400 - 31, 'x') + "\r\n"), {}},
    {"empty value, no blank, obs-text", get("A:\r\nB:x\r\nC: \xe4\tb\r\n"), {}},
    {"equal lengths", get("Content-Length: 5\r\nContent-Length: 5\r\n"), {}},
    {"chunked in capitals", get("Transfer-Encoding: CHUNKED\r\n"), {}},
    {"length of 2^62", get("Content-Length: 4611686018427387904\r\n"), {}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(head)

BOOST_DATA_TEST_CASE(
    malformed_request_is_refused, data::make(malformed_requests) * pieces, row, piece
)
{
    std::size_t used = 0;
    BOOST_TEST(read_request(row.input + "surplus", piece, used) == row.expected);
    BOOST_TEST(!row.expected.message().empty());
}

BOOST_DATA_TEST_CASE(whole_request_is_taken, data::make(whole_requests) * pieces, row, piece)
{
    std::size_t used = 0;
    BOOST_TEST(read_request(row.input + "\rsurplus", piece, used) == error_code());
    BOOST_TEST(used == row.input.size());
}

BOOST_DATA_TEST_CASE(incomplete_request_waits, data::make(whole_requests) * pieces, row, piece)
{
    std::size_t used = 99;
    BOOST_TEST(
        read_request(std::string_view(row.input).substr(0, row.input.size() - 1), piece, used) ==
        error_code()
    );
    BOOST_TEST(used == 0u);
}

/// What stands in a head survives: parse_request_head() does not rest on the scanner having seen
/// it.
BOOST_DATA_TEST_CASE(parser_alone_refuses, data::make(malformed_requests), row)
{
    const auto head = http::parse_request_head(bytes(row.input), small);
    BOOST_TEST((!head || !http::framing_of(*head)));
}

BOOST_AUTO_TEST_CASE(request_is_read)
{
    const auto head = http::parse_request_head(
        bytes("pATCH http://x.example/y?z HTTP/1.0\r\nHost:  b \r\nx-a: 1\r\nX-A: 2, 3\r\n\r\n")
    );
    BOOST_TEST_REQUIRE(head.has_value());
    BOOST_TEST(head->method == "pATCH");
    BOOST_TEST(head->target == "http://x.example/y?z");
    BOOST_TEST(head->minor_version == 0);
    BOOST_TEST_REQUIRE(head->fields.size() == 3u);
    BOOST_TEST(head->fields[0].name == "Host");
    BOOST_TEST(head->fields[0].value == "b");
    BOOST_TEST(head->fields[2].name == "X-A");
    BOOST_TEST(http::list_has(head->fields, "x-A", "3"));
    BOOST_TEST(http::list_of(head->fields, "X-a").size() == 3u);
    BOOST_TEST(http::value_of(head->fields, "nothing").empty());
}

BOOST_AUTO_TEST_CASE(response_is_read)
{
    const auto head = http::parse_response_head(bytes("HTTP/1.1 404 Not  Found\r\nA: b\r\n\r\n"));
    BOOST_TEST_REQUIRE(head.has_value());
    BOOST_TEST(head->status == 404u);
    BOOST_TEST(head->reason == "Not  Found");
    BOOST_TEST(head->minor_version == 1);
    BOOST_TEST(http::value_of(head->fields, "a") == "b");
    // Without a reason of its own it gets the usual one.
    BOOST_TEST(http::parse_response_head(bytes("HTTP/1.0 200 \r\n\r\n"))->reason == "OK");
}

BOOST_AUTO_TEST_CASE(malformed_response_is_refused)
{
    for (const auto* const line :
         {"HTTP/1.1 2x0 OK",
          "HTTP/1.1 099 OK",
          "HTTP/1.1 600 OK",
          "ICY 200 OK",
          "HTTP/1.1",
          "HTTP/1.1 20 OK",
          " HTTP/1.1 200 OK"})
        BOOST_TEST(
            (http::parse_response_head(bytes(line + "\r\n\r\n"s)).error() == errc::bad_start_line),
            line
        );
    BOOST_TEST(
        (http::parse_response_head(bytes("HTTP/3.0 200 OK\r\n\r\n")).error() ==
         errc::unsupported_version)
    );
}

BOOST_AUTO_TEST_SUITE_END()
