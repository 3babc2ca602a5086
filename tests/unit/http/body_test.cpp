#include <penstock/http/body.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <ostream>
#include <string>

#include "support.hpp"

namespace http = penstock::http;
using namespace penstock::http::test;
using namespace std::string_literals;
using http::body_framing;
using http::errc;
using penstock::error_code;

namespace {

const body_framing chunked{body_framing::kind::chunked, 0, {}};

struct outcome {
    std::string out;
    std::size_t used = 0;
    bool done = false;
    error_code ec;
};

outcome
play(const body_framing& framing, bool keep_chunks, std::string_view input, std::size_t piece)
{
    http::body_reader reader(framing, keep_chunks);
    penstock::flat_buffer out;
    outcome result;
    while (result.used < input.size() && !reader.done()) {
        const auto used = reader.handle_octets(bytes(input.substr(result.used, piece)), out);
        if (!used) {
            result.ec = used.error();
            break;
        }
        result.used += *used;
    }
    result.out = text(out.view());
    result.done = reader.done();
    return result;
}

struct row {
    std::string_view what;
    std::string input;
    std::string out;
    std::string content = "";

    friend std::ostream& operator<<(std::ostream& os, const row& r) { return os << r.what; }
};

const row chunked_bodies[] = {
    {"empty", "0\r\n\r\n", "0\r\n\r\n", ""},
    {"two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "abcde"},
    {"digits in capitals, leading zeros",
     "00A\r\n0123456789\r\n000\r\n\r\n",
     "a\r\n0123456789\r\n0\r\n\r\n",
     "0123456789"},
    {"extensions are dropped", "1;a=b;c=\"d\"\r\nx\r\n0;last\r\n\r\n", "1\r\nx\r\n0\r\n\r\n", "x"},
    {"padded size", "1  \r\nx\r\n0 ;y\r\n\r\n", "1\r\nx\r\n0\r\n\r\n", "x"},
    {"content looks like framing",
     "5\r\n0\r\n\r\n\r\n0\r\n\r\n",
     "5\r\n0\r\n\r\n\r\n0\r\n\r\n",
     "0\r\n\r\n"},
    {"trailer", "0\r\nX-Sum: 1\r\n\r\n", "0\r\nX-Sum: 1\r\n\r\n", ""},
    {"trailers that would change the message are dropped",
     "0\r\nContent-Length: 5\r\nX: y\r\ntransfer-encoding: chunked\r\nHOST: evil\r\nSet-Cookie: "
     "a\r\n\r\n",
     "0\r\nX: y\r\n\r\n",
     ""},
};

struct bad_row {
    std::string_view what;
    std::string input;
    error_code expected;

    friend std::ostream& operator<<(std::ostream& os, const bad_row& r) { return os << r.what; }
};

const bad_row malformed_bodies[] = {
    {"no size", "\r\n", errc::bad_chunk},
    {"no digit", "x\r\n", errc::bad_chunk},
    {"signed", "+1\r\nx\r\n", errc::bad_chunk},
    {"0x", "0x1\r\nx\r\n", errc::bad_chunk},
    {"white space first", " 1\r\nx\r\n", errc::bad_chunk},
    {"digits behind white space", "1 1\r\nx\r\n", errc::bad_chunk},
    {"sixteen digits", "0000000000000001\r\nx\r\n", errc::bad_chunk},
    {"size ends with LF", "1\nx\r\n0\r\n\r\n", errc::bad_chunk},
    {"CR without LF behind the size", "1\rx", errc::bad_chunk},
    {"LF in an extension", "1;a\nb\r\nx\r\n", errc::bad_chunk},
    {"CR in an extension", "1;a\rb\r\nx\r\n", errc::bad_chunk},
    {"NUL in an extension", "1;\0\r\nx\r\n"s, errc::bad_chunk},
    {"content longer than its size", "1\r\nxy\r\n", errc::bad_chunk},
    {"content ends with LF", "1\r\nx\n0\r\n\r\n", errc::bad_chunk},
    {"content ends with CR X", "1\r\nx\rX", errc::bad_chunk},
    {"trailer without colon", "0\r\nX\r\n\r\n", errc::bad_chunk},
    {"trailer with space before colon", "0\r\nX : y\r\n\r\n", errc::bad_chunk},
    {"folded trailer", "0\r\nX: y\r\n z\r\n\r\n", errc::bad_chunk},
    {"trailer ends with LF", "0\r\nX: y\n\r\n", errc::bad_chunk},
    {"trailer with CR inside", "0\r\nX: y\rz\r\n\r\n", errc::bad_chunk},
    {"endless extension",
     "1;" + std::string(http::body_reader::chunk_line_octets_max, 'x'),
     errc::chunk_line_too_long},
    {"endless trailer",
     "0\r\nX: " + std::string(http::body_reader::trailer_octets_max, 'x'),
     errc::trailers_too_large},
};

body_framing response_framing(std::string_view head, std::string_view method)
{
    return http::framing_of(http::parse_response_head(bytes(head)).value(), method).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(body)

BOOST_DATA_TEST_CASE(chunks_are_framed_anew, data::make(chunked_bodies) * pieces, row, piece)
{
    const auto kept = play(chunked, true, row.input + "HTTP/1.1 next", piece);
    BOOST_TEST(!kept.ec);
    BOOST_TEST(kept.done);
    BOOST_TEST(kept.used == row.input.size());
    BOOST_TEST(kept.out == row.out);

    BOOST_TEST(play(chunked, false, row.input, piece).out == row.content);
    const auto cut =
        play(chunked, true, std::string_view(row.input).substr(0, row.input.size() - 1), piece);
    BOOST_TEST(!cut.ec);
    BOOST_TEST(!cut.done);
}

BOOST_DATA_TEST_CASE(
    malformed_chunks_are_refused, data::make(malformed_bodies) * pieces, row, piece
)
{
    const auto result = play(chunked, true, row.input, piece);
    BOOST_TEST(result.ec == row.expected);
    BOOST_TEST(!result.done);
}

BOOST_DATA_TEST_CASE(length_is_counted, pieces, piece)
{
    const auto result = play({body_framing::kind::length, 5, 5}, true, "abcdeGET next", piece);
    BOOST_TEST(result.out == "abcde");
    BOOST_TEST(result.used == 5u);
    BOOST_TEST(result.done);
}

BOOST_AUTO_TEST_CASE(eof_is_told_from_truncation)
{
    penstock::flat_buffer out;
    http::body_reader counted({body_framing::kind::length, 5, 5});
    BOOST_TEST(counted.handle_octets(bytes("abcd"), out).value() == 4u);
    BOOST_TEST((counted.handle_eof() == errc::truncated_body));
    BOOST_TEST(counted.handle_octets(bytes("e"), out).value() == 1u);
    BOOST_TEST(!counted.handle_eof());

    http::body_reader chunks(chunked);
    BOOST_TEST((chunks.handle_eof() == errc::truncated_body));

    http::body_reader endless({body_framing::kind::until_close, 0, {}});
    BOOST_TEST(endless.handle_octets(bytes("anything"), out).value() == 8u);
    BOOST_TEST(!endless.done());
    BOOST_TEST(!endless.handle_eof());
    BOOST_TEST(endless.done());

    BOOST_TEST(http::body_reader({body_framing::kind::length, 0, 0}).done());
    BOOST_TEST(http::body_reader(body_framing{}).done());
}

BOOST_AUTO_TEST_CASE(response_framing_follows_method_and_status)
{
    using kind = body_framing::kind;
    const auto with_length = [](unsigned status) {
        return "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 5\r\n\r\n";
    };
    BOOST_TEST((response_framing(with_length(200), "GET").how == kind::length));
    BOOST_TEST(response_framing(with_length(200), "GET").octets == 5u);
    for (const auto status : {100u, 103u, 204u, 304u})
        BOOST_TEST((response_framing(with_length(status), "GET").how == kind::none));
    BOOST_TEST((response_framing(with_length(200), "HEAD").how == kind::none));
    // What a GET would have brought is still told.
    BOOST_TEST(response_framing(with_length(200), "HEAD").content_length.value() == 5u);
    BOOST_TEST(response_framing(with_length(304), "GET").content_length.value() == 5u);
    BOOST_TEST(!response_framing(with_length(204), "GET").content_length.has_value());

    BOOST_TEST((response_framing("HTTP/1.1 200 x\r\n\r\n", "GET").how == kind::until_close));
    BOOST_TEST(
        (response_framing("HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n", "GET").how ==
         kind::chunked)
    );
    const auto gzip =
        http::parse_response_head(bytes("HTTP/1.1 200 x\r\nTransfer-Encoding: gzip\r\n\r\n"))
            .value();
    BOOST_TEST((http::framing_of(gzip, "GET").error() == errc::bad_transfer_encoding));
}

BOOST_AUTO_TEST_SUITE_END()
