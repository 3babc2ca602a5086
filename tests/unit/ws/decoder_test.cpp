#define BOOST_TEST_MODULE ws
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "feed.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace ws_test;
using penstock::error_code;

constexpr ws::mask_key key{0x37, 0xfa, 0x21, 0x3d};
const std::string long_text(70'000, 'x');
const std::string medium_text(300, 'y');

struct sample {
    std::string_view what;
    ws::role local;
    octets input;
    std::vector<std::string> events;
    error_code failed;

    friend std::ostream& operator<<(std::ostream& os, const sample& s) { return os << s.what; }
};

constexpr auto client = ws::role::client;
constexpr auto server = ws::role::server;

const sample samples[] = {
    {"RFC 6455 section 5.7, unmasked", client, {0x82, 3, 'a', 'b', 'c'}, {"data:abc"}, {}},
    {"masked", server, frame(0x82, "Hello", key), {"data:Hello"}, {}},
    {"empty message", server, frame(0x82, "", key), {"data:"}, {}},
    {"16-bit length", client, frame(0x82, medium_text), {"data:" + medium_text}, {}},
    {"64-bit length, masked", server, frame(0x82, long_text, key), {"data:" + long_text}, {}},
    {"two messages", client, frame(0x82, "ab") + frame(0x82, "c"), {"data:ab", "data:c"}, {}},
    {"fragments",
     server,
     frame(0x02, "ab", key) + frame(0x00, "", key) + frame(0x80, "cd", key),
     {"data:abcd"},
     {}},
    {"empty last fragment", client, frame(0x02, "ab") + frame(0x80, ""), {"data:ab"}, {}},
    {"empty first fragment", client, frame(0x02, "") + frame(0x80, "ab"), {"data:ab"}, {}},
    {"ping between fragments",
     server,
     frame(0x02, "ab", key) + frame(0x89, "now?", key) + frame(0x80, "cd", key),
     {"ping:now?", "data:abcd"},
     {}},
    {"empty ping", client, frame(0x89, ""), {"ping:"}, {}},
    {"unsolicited pong", client, frame(0x8a, "x"), {"pong:x"}, {}},
    {"longest ping",
     server,
     frame(0x89, std::string(125, 'p'), key),
     {"ping:" + std::string(125, 'p')},
     {}},
    {"close without code", server, frame(0x88, "", key), {"close:1005:"}, {}},
    {"close", client, frame(0x88, "\x03\xe9gone"), {"close:1001:gone"}, {}},
    {"close, private code, UTF-8",
     client,
     frame(0x88, "\x0f\xa0gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"),
     {"close:4000:gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
     {}},
    {"frames behind a close", client, frame(0x88, "") + frame(0x81, "?"), {"close:1005:"}, {}},

    {"client without mask", server, frame(0x82, "a"), {}, ws::errc::not_masked},
    {"server with mask", client, frame(0x82, "a", key), {}, ws::errc::masked},
    {"RSV1", client, frame(0xc2, "a"), {}, ws::errc::reserved_bits},
    {"RSV2", client, frame(0xa2, "a"), {}, ws::errc::reserved_bits},
    {"RSV3", client, frame(0x92, "a"), {}, ws::errc::reserved_bits},
    {"opcode 3", client, frame(0x83, "a"), {}, ws::errc::unknown_opcode},
    {"opcode 7", client, frame(0x87, "a"), {}, ws::errc::unknown_opcode},
    {"opcode 11", client, frame(0x8b, "a"), {}, ws::errc::unknown_opcode},
    {"opcode 15", client, frame(0x8f, "a"), {}, ws::errc::unknown_opcode},
    {"text", client, frame(0x81, "a"), {}, ws::errc::text_message},
    {"continuation alone", client, frame(0x80, "a"), {}, ws::errc::unexpected_continuation},
    {"continuation behind the last",
     client,
     frame(0x82, "a") + frame(0x80, "b"),
     {"data:a"},
     ws::errc::unexpected_continuation},
    {"message inside a message",
     client,
     frame(0x02, "a") + frame(0x82, "b"),
     {},
     ws::errc::message_interrupted},
    {"16-bit length of 125", client, {0x82, 126, 0, 125}, {}, ws::errc::length_not_minimal},
    {"64-bit length of 65535",
     client,
     {0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff},
     {},
     ws::errc::length_not_minimal},
    {"64-bit length with its highest bit",
     client,
     {0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0},
     {},
     ws::errc::length_out_of_range},
    {"63-bit length",
     client,
     {0x82, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     {},
     ws::errc::message_too_big},
    {"fragmented ping", client, frame(0x09, "a"), {}, ws::errc::control_fragmented},
    {"ping of 126", client, frame(0x89, std::string(126, 'p')), {}, ws::errc::control_too_long},
    {"close of one octet", client, frame(0x88, "\x03"), {}, ws::errc::close_too_short},
    {"close 1005", client, frame(0x88, "\x03\xed"), {}, ws::errc::close_code_invalid},
    {"close 1006", client, frame(0x88, "\x03\xee"), {}, ws::errc::close_code_invalid},
    {"close 1015", client, frame(0x88, "\x03\xf7"), {}, ws::errc::close_code_invalid},
    {"close 999", client, frame(0x88, "\x03\xe7"), {}, ws::errc::close_code_invalid},
    {"close 5000", client, frame(0x88, "\x13\x88"), {}, ws::errc::close_code_invalid},
    {"reason: stray octet", client, frame(0x88, "\x03\xe8\x80"), {}, ws::errc::close_reason_not_utf8
    },
    {"reason: cut", client, frame(0x88, "\x03\xe8\xe2\x82"), {}, ws::errc::close_reason_not_utf8},
    {"reason: overlong",
     client,
     frame(0x88, "\x03\xe8\xe0\x80\xaf"),
     {},
     ws::errc::close_reason_not_utf8},
    {"reason: surrogate",
     client,
     frame(0x88, "\x03\xe8\xed\xa0\x80"),
     {},
     ws::errc::close_reason_not_utf8},
    {"reason: beyond Unicode",
     client,
     frame(0x88, "\x03\xe8\xf4\x90\x80\x80"),
     {},
     ws::errc::close_reason_not_utf8},
};

BOOST_AUTO_TEST_SUITE(decoder)

BOOST_DATA_TEST_CASE(decodes_whole_and_in_steps, data::make(samples), s)
{
    const transcript expected{s.events, 0, s.failed};
    for (const std::size_t step : {1U << 30, 1U, 2U, 3U, 7U, 13U})
        BOOST_TEST(decode(s.local, s.input, step) == expected);
}

BOOST_AUTO_TEST_CASE(hands_out_a_partial_frame)
{
    auto input = frame(0x82, medium_text, key);
    ws::decoder decoder(server, 1000);
    auto part = penstock::mutable_bytes(input).first(100);
    const auto event = decoder.next(part);
    BOOST_TEST_REQUIRE((event && *event));
    const auto& piece = std::get<ws::data_piece>(**event);
    BOOST_TEST(piece.payload.size() == 92U);
    BOOST_TEST(!piece.message_end);
    BOOST_TEST(piece.payload.data() == &input[8]);  // in place
    BOOST_TEST(text_of(piece.payload) == medium_text.substr(0, 92));
}

BOOST_AUTO_TEST_CASE(limit_counts_all_fragments)
{
    const auto within = frame(0x02, "12345678") + frame(0x80, "90");
    BOOST_TEST(decode(client, within, 1, 10).events.front() == "data:1234567890");
    const auto beyond = frame(0x02, "12345678") + frame(0x80, "901");
    BOOST_TEST(decode(client, beyond, 1, 10).failed == error_code(ws::errc::message_too_big));
    // The next message starts from nothing.
    const auto two = frame(0x82, "1234567890") + frame(0x82, "1234567890");
    BOOST_TEST(decode(client, two, 1, 10).events.size() == 2U);
}

BOOST_AUTO_TEST_CASE(too_long_is_refused_before_its_payload)
{
    auto header = octets{0x82, 126, 0x04, 0x00};
    penstock::mutable_bytes input(header);
    BOOST_TEST(
        ws::decoder(client, 1023).next(input).error() == error_code(ws::errc::message_too_big)
    );
}

BOOST_AUTO_TEST_CASE(stays_failed)
{
    ws::decoder decoder(client, 100);
    auto bad = frame(0x81, "a");
    penstock::mutable_bytes input(bad);
    BOOST_TEST(decoder.next(input).error() == error_code(ws::errc::text_message));
    auto good = frame(0x82, "a");
    input = good;
    BOOST_TEST(decoder.next(input).error() == error_code(ws::errc::text_message));
}

BOOST_AUTO_TEST_CASE(close_codes_for_errors)
{
    BOOST_TEST((ws::close_code_for(ws::errc::not_masked) == ws::close_code::protocol_error));
    BOOST_TEST((ws::close_code_for(ws::errc::text_message) == ws::close_code::unsupported_data));
    BOOST_TEST((ws::close_code_for(ws::errc::message_too_big) == ws::close_code::message_too_big));
    BOOST_TEST(
        (ws::close_code_for(ws::errc::close_reason_not_utf8) == ws::close_code::invalid_payload)
    );
    BOOST_TEST((ws::close_code_for(error_code{}) == ws::close_code::internal_error));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
