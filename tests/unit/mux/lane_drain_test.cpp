#include <boost/test/unit_test.hpp>

#include "scripted_lane.hpp"

using namespace mux_test;

BOOST_AUTO_TEST_SUITE(draining)

BOOST_AUTO_TEST_CASE(a_draining_lane_refuses_new_streams_and_serves_old_ones)
{
    scripted_lane l({.role = side::accepting});
    l.greet();
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    l.accept(1);
    (void)l.sent();
    l.lane.drain(30s, "restart");
    l.lane.drain(5s, "again");
    BOOST_TEST(l.sent() == "DRAIN 1 30000 0 \"restart\"");
    BOOST_TEST(l.receive(open_frame(3)).empty());
    BOOST_TEST(l.sent() == "OPEN_FAIL 3 11 \"the server is shutting down\"");
    BOOST_TEST(l.receive(data_frame(1, 10)) == "data 1 10");
    l.supply(1, 10, true);
    BOOST_TEST(l.sent() == "DATA 1 10 fin");
    BOOST_TEST(l.open() == 0U);
}

BOOST_AUTO_TEST_CASE(a_drained_peer_gets_no_new_streams)
{
    scripted_lane l;
    l.greet();
    BOOST_TEST(l.open() == 1U);
    (void)l.sent();
    octets drain;
    mux::append_drain(drain, {1, 30'000, {0, "restart"}});
    BOOST_TEST(l.receive(drain) == "draining 1 30000");
    BOOST_TEST(l.open() == 0U);
    BOOST_TEST(l.receive(open_ok_frame(1)) == "opened 1");
    BOOST_TEST(l.receive(drain).empty());  // said once
}

BOOST_AUTO_TEST_CASE(what_a_drain_does_not_count_was_never_looked_at)
{
    scripted_lane l;
    l.greet();
    BOOST_TEST(l.open() == 1U);
    BOOST_TEST(l.open() == 3U);
    (void)l.sent();
    BOOST_TEST(!l.lane.never_looked_at(mux::stream_id{3}));  // who knows
    octets drain;
    mux::append_drain(drain, {1, 30'000, {0, "restart"}});
    (void)l.receive(drain);
    BOOST_TEST(!l.lane.never_looked_at(mux::stream_id{1}));
    BOOST_TEST(l.lane.never_looked_at(mux::stream_id{3}));
}

BOOST_AUTO_TEST_CASE(a_link_that_goes_away_says_nothing_about_streams)
{
    scripted_lane l;
    l.greet();
    BOOST_TEST(l.open() == 1U);
    (void)l.sent();
    octets drain;
    mux::append_u32(drain, frame_type::link_drain, mux::stream_id{}, 5'000);
    (void)l.receive(drain);
    BOOST_TEST(!l.lane.never_looked_at(mux::stream_id{1}));
}

BOOST_AUTO_TEST_CASE(a_link_that_is_to_go_away_says_when)
{
    scripted_lane l;
    l.greet();
    octets drain;
    mux::append_u32(drain, frame_type::link_drain, mux::stream_id{}, 5'000);
    BOOST_TEST(l.receive(drain) == "link leaving 5000");
    BOOST_TEST(!l.lane.can_open());
    BOOST_TEST(l.receive(raw_frame(0x45, 0, {1})) == "error 33");
}

BOOST_AUTO_TEST_CASE(close_is_said_once_and_heard)
{
    scripted_lane l;
    l.greet();
    l.lane.close("bye");
    l.lane.close("again");
    BOOST_TEST(!l.lane.can_open());
    BOOST_TEST(l.sent() == "CLOSE 0 \"bye\"");
    BOOST_TEST(!l.lane.wants_to_send());

    scripted_lane busy;
    busy.greet();
    BOOST_TEST(busy.open() == 1U);
    (void)busy.sent();
    busy.lane.close("bye");
    busy.lane.reset(busy.id_of(1), failure::session_lost);
    BOOST_TEST(busy.sent() == "RESET 1 13 sent=0 abort stop; CLOSE 0 \"bye\"");

    octets close;
    mux::append_reason(close, frame_type::close, mux::stream_id{}, {0, "bye"});
    scripted_lane other;
    other.greet();
    BOOST_TEST(other.receive(close) == "closed 0 \"bye\"");
}

BOOST_AUTO_TEST_SUITE_END()
