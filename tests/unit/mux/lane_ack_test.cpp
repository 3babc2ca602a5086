#include <boost/test/unit_test.hpp>

#include "timed_lane.hpp"

using namespace mux_test;

BOOST_AUTO_TEST_SUITE(acknowledging)

BOOST_AUTO_TEST_CASE(what_was_received_is_acknowledged_after_25_ms)
{
    scripted_lane l({.role = side::accepting});
    l.greet();
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    BOOST_TEST(l.receive(data_frame(1, 10)) == "data 1 10");
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(said_within(l, 1s) == "25: ACK 2; ");
}

BOOST_AUTO_TEST_CASE(an_ack_goes_with_whatever_is_sent)
{
    scripted_lane l({.role = side::accepting});
    l.greet();
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    l.accept(1);
    BOOST_TEST(l.sent_all() == "ACK 1; OPEN_OK 1 limit=65536");
    BOOST_TEST(said_within(l, 1s).empty());
}

BOOST_AUTO_TEST_CASE(a_quarter_of_a_mebibyte_is_acknowledged_at_once)
{
    scripted_lane l({.role = side::accepting, .first_window_bytes = 1'000'000});
    l.greet();
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    l.accept(1);
    (void)l.sent();
    for (int i = 0; i < 4; ++i)
        BOOST_TEST(l.receive(data_frame(1, 61'440)) == "data 1 61440");
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.receive(data_frame(1, 61'440)) == "data 1 61440");
    BOOST_TEST(l.lane.wants_to_send());
    BOOST_TEST(l.sent_all() == "ACK 6");
}

BOOST_AUTO_TEST_CASE(an_eighth_of_what_the_peer_can_keep_is_acknowledged_at_once)
{
    scripted_lane l({.role = side::accepting});
    mux::hello peer;
    peer.replay_bytes_max = 80'000;
    l.greet(peer);
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    l.accept(1);
    (void)l.sent();
    BOOST_TEST(l.receive(data_frame(1, 9'000)) == "data 1 9000");
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.receive(data_frame(1, 1'000)) == "data 1 1000");
    BOOST_TEST(l.lane.wants_to_send());
    BOOST_TEST(l.sent_all() == "ACK 3");

    scripted_lane other;
    peer.replay_bytes_max = 7;
    other.greet(peer);
    BOOST_TEST(!other.lane.wants_to_send());
}

BOOST_AUTO_TEST_CASE(link_local_frames_are_never_counted_and_ignorable_sequenced_ones_are)
{
    scripted_lane l({.role = side::accepting});
    l.greet();
    BOOST_TEST(
        l.receive(raw_frame(0x4f, 0, {}) + raw_frame(0xff, 0, {}) + u64_frame(frame_type::ping, 1))
            .empty()
    );
    BOOST_TEST(l.sent_all() == "PONG");
    BOOST_TEST(said_within(l, 1s).empty());
    BOOST_TEST(l.receive(raw_frame(0xbf, 0, {})).empty());
    BOOST_TEST(said_within(l, 1s) == "25: ACK 1; ");
}

BOOST_AUTO_TEST_CASE(an_ack_beyond_or_behind_is_an_error)
{
    scripted_lane l;
    open_stream(l);
    l.supply(1, 10);
    (void)l.sent();  // OPEN and DATA: 2 frames
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)) == "error 33");

    scripted_lane other;
    open_stream(other);
    BOOST_TEST(other.receive(u64_frame(frame_type::ack, 2)) == "error 33");
}

BOOST_AUTO_TEST_CASE(a_peer_that_lives_and_does_not_acknowledge_is_told_so)
{
    scripted_lane l;
    open_stream(l);
    // It answers PING and repeats an old ACK, but never moves on.
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)).empty());
    l.supply(1, 10);
    BOOST_TEST(l.sent() == "DATA 1 10");
    const auto began = l.now;
    while (!l.lane.failed() && l.now < began + 60s) {
        BOOST_TEST(l.wait(1s).empty());
        (void)l.take_message();
        if (!l.lane.failed())
            BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1) + raw_frame(0x4f, 0, {})).empty());
    }
    BOOST_TEST(l.lane.failed());
    BOOST_TEST((l.now - began == 30s));
    BOOST_TEST(l.lane.failure_reason()->code == 35);
}

BOOST_AUTO_TEST_SUITE_END()
