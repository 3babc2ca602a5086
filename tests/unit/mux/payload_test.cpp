#include <penstock/mux/error.hpp>
#include <penstock/mux/payload.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

namespace {

namespace data = boost::unit_test::data;
using namespace penstock;
using mux::errc;
using mux::frame_type;
using mux::stream_id;

octets operator+(octets left, const octets& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

octets text(std::string_view s) { return {s.begin(), s.end()}; }

/// kind, class, limit 64 KiB, dial time-out 2.5 s, port 443
const octets open_head{1, 1, 0, 1, 0, 0, 0, 250, 1, 187};
const octets v4{1, 4, 192, 0, 2, 1};
const octets v6{4, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
const octets name = octets{3, 11} + text("example.org");
const octets no_tlv{0, 0};

using decoder = std::function<error_code(byte_view)>;

template <auto Decode>
error_code run(byte_view payload)
{
    return Decode(payload).error();
}
error_code run_open(byte_view payload) { return mux::decode_open(payload, false).error(); }
error_code run_open_early(byte_view payload) { return mux::decode_open(payload, true).error(); }

struct sample {
    std::string_view what;
    decoder decode;
    octets payload;

    friend std::ostream& operator<<(std::ostream& os, const sample& s) { return os << s.what; }
};

const octets open_ok_v4 = octets{0, 1, 0, 0} + v4 + octets{0x12, 0x34, 0, 0, 0, 9};
const octets u64{1, 2, 3, 4, 5, 6, 7, 8};
const octets pong = u64 + octets{0, 0, 0, 9} + u64;
const octets long_text(256, 'x');

const sample well_formed[] = {
    {"OPEN to an IPv4 address", run_open, open_head + v4 + no_tlv},
    {"OPEN to an IPv6 address", run_open, open_head + v6 + no_tlv},
    {"OPEN to a name", run_open, open_head + name + no_tlv},
    {"OPEN with an unknown TLV", run_open, open_head + name + octets{0, 5, 0, 9, 0, 1, 7}},
    {"OPEN with early data", run_open_early, open_head + name + no_tlv + text("early")},
    {"OPEN with the early flag and no octets", run_open_early, open_head + name + no_tlv},
    {"OPEN of a class of the future",
     run_open,
     octets{1, 9} + octets(open_head.begin() + 2, open_head.end()) + v4 + no_tlv},
    {"OPEN_OK", run<mux::decode_open_ok>, open_ok_v4},
    {"reason without text", run<mux::decode_reason>, {0, 5}},
    {"reason with the longest text", run<mux::decode_reason>, octets{0, 5} + octets(255, 'x')},
    {"RESET", run<mux::decode_reset>, octets{0, 14} + u64},
    {"u64", run<mux::decode_u64>, u64},
    {"u32", run<mux::decode_u32>, {0, 0, 16, 0}},
    {"PONG", run<mux::decode_pong>, pong},
    {"DRAIN", run<mux::decode_drain>, {0, 0, 0, 7, 0, 0, 0, 0, 0x75, 0x30, 'b', 'y', 'e'}},
    {"HELLO_ERR",
     run<mux::decode_hello_err>,
     octets{0, 11, 0, 0, 3, 0xe8, 2, 'n', '7'} + text("later")},
};

const sample malformed[] = {
    {"OPEN of nothing", run_open, {}},
    {"OPEN with octets behind and no early flag", run_open, open_head + name + no_tlv + text("x")},
    {"OPEN to port 0", run_open, octets{1, 1, 0, 1, 0, 0, 0, 250, 0, 0} + v4 + no_tlv},
    {"OPEN with an address type nobody knows",
     run_open,
     open_head + octets{2, 4, 1, 2, 3, 4} + no_tlv},
    {"OPEN to IPv4 of 5 octets", run_open, open_head + octets{1, 5, 1, 2, 3, 4, 5} + no_tlv},
    {"OPEN to IPv6 of 4 octets", run_open, open_head + octets{4, 4, 1, 2, 3, 4} + no_tlv},
    {"OPEN to an empty name", run_open, open_head + octets{3, 0} + no_tlv},
    {"OPEN to a name with a NUL", run_open, open_head + octets{3, 3, 'a', 0, 'b'} + no_tlv},
    {"OPEN to a name with a line break", run_open, open_head + octets{3, 3, 'a', '\n', 'b'} + no_tlv
    },
    {"OPEN to a name longer than the payload", run_open, open_head + octets{3, 200, 'a'} + no_tlv},
    {"OPEN with TLVs longer than the payload", run_open_early, open_head + v4 + octets{0, 9, 1}},
    {"OPEN_OK bound to a name",
     run<mux::decode_open_ok>,
     octets{0, 1, 0, 0} + name + octets{0, 1, 0, 0, 0, 9}},
    {"reason with too much text", run<mux::decode_reason>, octets{0, 5} + long_text},
    {"DRAIN with too much text", run<mux::decode_drain>, octets(10, 0) + long_text},
    {"HELLO_ERR with too much text", run<mux::decode_hello_err>, octets(7, 0) + long_text},
    {"HELLO_ERR with a hint longer than the payload",
     run<mux::decode_hello_err>,
     {0, 11, 0, 0, 3, 0xe8, 9, 'n'}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(payloads)

BOOST_DATA_TEST_CASE(decoders_take_what_is_well_formed, data::make(well_formed), sample)
{
    BOOST_TEST(!sample.decode(sample.payload));
}

BOOST_DATA_TEST_CASE(decoders_reject_what_is_malformed, data::make(malformed), sample)
{
    BOOST_TEST(sample.decode(sample.payload) == error_code{errc::protocol});
}

/// Texts and early data may have any length; all else is wrong with an octet less.
BOOST_DATA_TEST_CASE(no_field_may_be_cut, data::make(well_formed), sample)
{
    std::size_t fixed_bytes = sample.payload.size();
    if (sample.what.starts_with("reason"))
        fixed_bytes = 2;
    else if (sample.what == "DRAIN")
        fixed_bytes = 10;
    else if (sample.what == "HELLO_ERR")
        fixed_bytes = 9;
    else if (sample.what == "OPEN with early data")
        fixed_bytes -= 5;
    for (std::size_t cut = 0; cut < fixed_bytes; ++cut)
        BOOST_TEST(
            sample.decode(byte_view(sample.payload).first(cut)) == error_code{errc::protocol}
        );
}

BOOST_DATA_TEST_CASE(nothing_may_be_left_over, data::make(well_formed), sample)
{
    const bool open_ended = sample.what.starts_with("reason without") || sample.what == "DRAIN" ||
                            sample.what == "HELLO_ERR" ||
                            sample.what.find("early") != sample.what.npos;
    BOOST_TEST(
        sample.decode(sample.payload + octets{0}) ==
        (open_ended ? error_code{} : error_code{errc::protocol})
    );
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(payload_fields)

BOOST_AUTO_TEST_CASE(open_fields)
{
    const auto wire = open_head + name + no_tlv + text("hi");
    const auto open = mux::decode_open(wire, true).value();

    BOOST_TEST(open.kind == 1);
    BOOST_TEST((open.priority == mux::stream_class::normal));
    BOOST_TEST(open.limit == 65'536U);
    BOOST_TEST(open.dial_timeout.count() == 2'500);
    BOOST_TEST(to_string(open.destination) == "example.org:443");
    BOOST_TEST(open.early.size() == 2U);

    octets back;
    mux::append_open(back, stream_id{3}, open, true);
    const octets header{1, 3, 0, static_cast<std::uint8_t>(wire.size()), 0, 0, 0, 3};
    BOOST_TEST(back == header + wire, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(open_without_early_data_and_with_an_endless_dial_timeout)
{
    octets wire;
    mux::append_open(
        wire,
        stream_id{1},
        {.dial_timeout = std::chrono::hours(1'000),
         .destination = parse_target("[2001:db8::1]:22").value(),
         .early = {}},
        false
    );
    const auto open = mux::decode_open(byte_view(wire).subspan(8), false).value();

    BOOST_TEST(wire[1] == 0);
    BOOST_TEST(open.dial_timeout.count() == 655'350);
    BOOST_TEST(to_string(open.destination) == "[2001:db8::1]:22");
}

BOOST_AUTO_TEST_CASE(an_address_that_is_written_as_a_name_becomes_an_address)
{
    const auto wire = open_head + octets{3, 9} + text("127.0.0.1") + no_tlv;
    const auto open = mux::decode_open(wire, false).value();
    BOOST_TEST(std::holds_alternative<ip_address>(open.destination.host));
}

BOOST_AUTO_TEST_CASE(a_class_of_the_future_counts_as_bulk)
{
    auto wire = open_head + v4 + no_tlv;
    wire[1] = 200;
    BOOST_TEST((mux::decode_open(wire, false).value().priority == mux::stream_class::bulk));
}

BOOST_AUTO_TEST_CASE(open_ok_fields)
{
    const auto ok = mux::decode_open_ok(open_ok_v4).value();
    BOOST_TEST(ok.limit == 65'536U);
    BOOST_TEST(ok.bound_address.to_string() == "192.0.2.1");
    BOOST_TEST(ok.bound_port == 0x1234U);
    BOOST_TEST(ok.dial_time.count() == 9);

    octets back;
    mux::append_open_ok(back, stream_id{7}, ok);
    const octets header{2, 0, 0, 16, 0, 0, 0, 7};
    BOOST_TEST(back == header + open_ok_v4, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(small_frames)
{
    octets out;
    mux::append_reset(
        out, stream_id{9}, mux::flag_abort | mux::flag_stop, {14, 0x0102'0304'0506'0708}
    );
    BOOST_TEST((out == octets{6, 3, 0, 10, 0, 0, 0, 9, 0, 14, 1, 2, 3, 4, 5, 6, 7, 8}));
    BOOST_TEST(
        mux::decode_reset(byte_view(out).subspan(8)).value().sent_bytes == 0x0102'0304'0506'0708U
    );

    out.clear();
    mux::append_u64(out, frame_type::window, stream_id{1}, 0x0102'0304'0506'0708);
    BOOST_TEST((out == octets{5, 0, 0, 8, 0, 0, 0, 1} + u64));

    out.clear();
    mux::append_u32(out, frame_type::max_streams, stream_id{}, 4'096);
    BOOST_TEST((out == octets{7, 0, 0, 4, 0, 0, 0, 0, 0, 0, 16, 0}));

    out.clear();
    mux::append_pong(out, {0x0102'0304'0506'0708, 9, 0x0102'0304'0506'0708});
    BOOST_TEST((out == octets{0x44, 0, 0, 20, 0, 0, 0, 0} + pong));

    out.clear();
    mux::append_drain(out, {7, 30'000, {0, "bye"}});
    BOOST_TEST((out == octets{8, 0, 0, 13, 0, 0,    0,    0,   0,   0,  0,
                              7, 0, 0, 0,  0, 0x75, 0x30, 'b', 'y', 'e'}));

    out.clear();
    mux::append_hello_err(out, {{11, "later"}, 1'000, "n7"});
    BOOST_TEST((
        out == octets{0x41, 0, 0, 14, 0, 0, 0, 0, 0, 11, 0, 0, 3, 0xe8, 2, 'n', '7'} + text("later")
    ));
    const auto err = mux::decode_hello_err(byte_view(out).subspan(8)).value();
    BOOST_TEST(err.node_hint == "n7");
    BOOST_TEST(err.why.text == "later");
    BOOST_TEST(err.retry_ms == 1'000U);
}

BOOST_AUTO_TEST_CASE(texts_are_cut_to_what_the_peer_takes)
{
    const std::string endless(1'000, 'x');
    octets out;
    mux::append_reason(out, frame_type::open_fail, stream_id{1}, {5, endless});
    BOOST_TEST(mux::decode_reason(byte_view(out).subspan(8)).value().text.size() == 255U);

    out.clear();
    mux::append_drain(out, {0, 0, {0, endless}});
    BOOST_TEST(mux::decode_drain(byte_view(out).subspan(8)).value().why.text.size() == 255U);

    out.clear();
    mux::append_hello_err(out, {{1, endless}, 0, endless});
    const auto err = mux::decode_hello_err(byte_view(out).subspan(8)).value();
    BOOST_TEST(err.node_hint.size() == 255U);
    BOOST_TEST(err.why.text.size() == 255U);
}

BOOST_AUTO_TEST_SUITE_END()
