#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "scripted_lane.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;

struct sample {
    std::string_view what;
    octets frame;
    int error;  ///< 0: taken without a word

    friend std::ostream& operator<<(std::ostream& os, const sample& s) { return os << s.what; }
};

const octets eight(8, 1);

const sample odd_frames[] = {
    {"unknown sequenced type", raw_frame(0x3f, 0, {}), 33},
    {"unknown sequenced type on a stream", raw_frame(0x3f, 1, {}), 33},
    {"unknown link-local type", raw_frame(0x7f, 0, {}), 33},
    {"unknown ignorable type", raw_frame(0xbf, 0, eight), 0},
    {"unknown ignorable type on a stream", raw_frame(0xbf, 1, eight), 0},
    {"unknown ignorable link-local type", raw_frame(0xff, 0, eight), 0},
    {"reserved: REGISTER", raw_frame(0x0a, 0, {}), 33},
    {"reserved: REGISTER_OK", raw_frame(0x0b, 0, {}), 33},
    {"reserved: REGISTER_FAIL", raw_frame(0x0c, 0, {}), 33},
    {"reserved: DATA_AT", raw_frame(0x0d, 1, eight), 33},
    {"reserved: DATAGRAM", raw_frame(0x46, 1, eight), 33},
    {"BLOCKED", raw_frame(0x47, 1, eight), 0},
    {"PAD", raw_frame(0x4f, 0, octets(1'000, 0)), 0},
    {"DATA on the lane", raw_frame(0x04, 0, eight), 33},
    {"WINDOW on the lane", raw_frame(0x05, 0, eight), 33},
    {"PING on a stream", raw_frame(0x43, 1, eight), 33},
    {"ACK on a stream", raw_frame(0x42, 1, eight), 33},
    {"MAX_STREAMS on a stream", raw_frame(0x07, 1, {0, 0, 1, 0}), 33},
    {"PING with undefined flags", raw_frame(0x43, 0, eight, 0xff), 0},
    {"PING of 7 octets", raw_frame(0x43, 0, octets(7, 0)), 33},
    {"PONG of 8 octets", raw_frame(0x44, 0, eight), 33},
    {"ACK of 4 octets", raw_frame(0x42, 0, {0, 0, 0, 0}), 33},
    {"ACK of what was never sent", u64_frame(frame_type::ack, 1), 33},
    {"MAX_STREAMS of 8 octets", raw_frame(0x07, 0, eight), 33},
    {"DRAIN of 3 octets", raw_frame(0x08, 0, {0, 0, 0}), 33},
    {"CLOSE of nothing", raw_frame(0x09, 0, {}), 33},
    {"LANE_ERR of nothing", raw_frame(0x48, 0, {}), 33},
    {"OPEN of nothing", raw_frame(0x01, 1, {}), 33},
    {"WINDOW of 4 octets", raw_frame(0x05, 3, {0, 0, 0, 0}), 33},
    {"RESET of nothing", raw_frame(0x06, 3, {}), 33},
    {"DATA for a stream that never was", data_frame(9, 1), 35},
    {"a payload above the maximum", raw_frame(0x4f, 0, octets(61'441, 0)), 34},
};

struct flood {
    std::string_view what;
    octets frame;
    int taken;  ///< how many at once are borne
    bool of_streams = false;

    friend std::ostream& operator<<(std::ostream& os, const flood& f) { return os << f.what; }
};

octets drain_frame_of_peer()
{
    octets out;
    mux::append_drain(out, {0, 0, {0, ""}});
    return out;
}

const flood floods[] = {
    {"PING", u64_frame(frame_type::ping, 1), 20},
    {"PAD", raw_frame(0x4f, 0, {}), 5'000},
    {"unknown ignorable frames", raw_frame(0xbf, 0, {}), 5'000},
    {"BLOCKED", raw_frame(0x47, 1, eight), 5'000},
    {"PONG that nobody asked for", raw_frame(0x44, 0, octets(20, 9)), 5'000},
    {"MAX_STREAMS that grants nothing", raw_frame(0x07, 0, {0, 0, 0, 1}), 5'000},
    {"ACK that tells nothing new", u64_frame(frame_type::ack, 0), 5'000},
    {"WINDOW for a closed stream", window_frame(1, 1), 5'000},
    {"RESET for a closed stream", reset_frame(1, 0), 5'000},
    {"WINDOW that raises nothing", window_frame(3, 65'536), 5'000},
    {"DRAIN, again and again", drain_frame_of_peer(), 5'001},
};

/// An accepting lane on which stream 1 was and stream 3 is open.
void set_up(scripted_lane& l)
{
    l.greet();
    BOOST_TEST_REQUIRE(l.receive(open_frame(1)).starts_with("requested"));
    BOOST_TEST_REQUIRE(l.receive(reset_frame(1, 0)).starts_with("reset"));
    BOOST_TEST_REQUIRE(l.receive(open_frame(3)).starts_with("requested"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(odd_input)

BOOST_DATA_TEST_CASE(
    odd_frames_end_the_lane_or_are_skipped,
    data::make(odd_frames) * data::make({1U << 20, 1U}),
    sample,
    piece_bytes
)
{
    scripted_lane l({.role = side::accepting});
    l.greet();
    BOOST_TEST_REQUIRE(l.receive(open_frame(3)).starts_with("requested"));
    l.piece_bytes = piece_bytes;
    const auto expected = sample.error == 0 ? "" : "error " + std::to_string(sample.error);
    BOOST_TEST(l.receive(sample.frame) == expected);
    BOOST_TEST(l.lane.failed() == (sample.error != 0));
}

BOOST_AUTO_TEST_CASE(a_message_that_ends_inside_a_frame_ends_the_lane)
{
    scripted_lane l;
    l.greet();
    auto cut = u64_frame(frame_type::ping, 1);
    cut.pop_back();
    BOOST_TEST(l.receive(cut) == "error at the message's end");
    BOOST_TEST(l.sent() == "LANE_ERR 33 \"a message ends inside a frame\"");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(flooding)

BOOST_DATA_TEST_CASE(a_burst_is_borne_and_a_flood_ends_the_lane, data::make(floods), sample)
{
    scripted_lane l({.role = side::accepting});
    set_up(l);
    int taken = 0;
    std::string words;
    while (taken < 10'000 && !l.lane.failed()) {
        words = l.receive(sample.frame);
        taken += l.lane.failed() ? 0 : 1;
    }
    BOOST_TEST(taken == sample.taken);
    BOOST_TEST(words == "error 36");
}

BOOST_DATA_TEST_CASE(what_comes_slowly_is_no_flood, data::make(floods), sample)
{
    scripted_lane l({.role = side::accepting});
    set_up(l);
    for (int i = 0; i < 10'000; ++i) {
        l.now += sample.what == "PING" ? 101ms : 2ms;
        (void)l.receive(sample.frame);
    }
    BOOST_TEST(!l.lane.failed());
}

BOOST_AUTO_TEST_CASE(pings_without_end_queue_one_pong)
{
    scripted_lane l({.role = side::accepting});
    l.greet();
    (void)l.sent_all();
    for (std::uint64_t i = 1; i <= 20; ++i)
        BOOST_TEST(l.receive(u64_frame(frame_type::ping, i)).empty());
    const auto message = l.take_message();
    BOOST_TEST(describe_message(message, false) == "PONG");
    const auto pong = mux::decode_pong(byte_view(message).subspan(8)).value();
    BOOST_TEST(pong.echo == 20U);
}

BOOST_AUTO_TEST_SUITE_END()
