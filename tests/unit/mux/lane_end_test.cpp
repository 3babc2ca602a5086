#include <boost/test/unit_test.hpp>

#include "stream_scenes.hpp"

using namespace mux_test;

BOOST_AUTO_TEST_SUITE(lane_ends)

BOOST_AUTO_TEST_CASE(a_tomb_is_forgotten_with_the_ack_of_its_reset_and_not_before)
{
    scripted_lane l;
    l.greet();
    enter_tomb(l);  // frames 1 and 2: OPEN, RESET
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)).empty());
    BOOST_TEST(l.lane.stream_count() == 1U);
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
    BOOST_TEST(l.lane.stream_count() == 0U);
    BOOST_TEST(l.receive(data_frame(1, 10)) == "error 35");
}

BOOST_AUTO_TEST_CASE(crossing_resets_end_in_peace)
{
    scripted_lane l;
    l.greet();
    enter_open(l);
    l.lane.reset(l.id_of(1), failure::target_reset);
    BOOST_TEST(l.receive(reset_frame(1, 16)).empty());  // it crossed ours
    BOOST_TEST(l.sent() == "RESET 1 14 sent=0 abort stop");
    BOOST_TEST(l.receive(reset_frame(1, 16) + data_frame(1, 10)).empty());
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
    BOOST_TEST(l.lane.stream_count() == 0U);
}

BOOST_AUTO_TEST_CASE(open_fail_and_reset_that_cross_end_in_peace)
{
    scripted_lane l;
    l.greet();
    enter_tomb_of_refused(l);
    BOOST_TEST(l.receive(data_frame(2, 100) + reset_frame(2, 0)).empty());
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)).empty());
    BOOST_TEST(l.lane.stream_count() == 0U);
    BOOST_TEST(l.lane.buffered_bytes() == 0U);
    BOOST_TEST(l.lease.used_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(ten_cancelled_downloads_are_no_flood)
{
    // Each has 1,000 small frames on the way when it is cancelled: 10,000, within their credit.
    scripted_lane l;
    l.greet();
    for (std::uint32_t id = 1; id < 20; id += 2) {
        BOOST_TEST_REQUIRE(l.open() == id);
        (void)l.sent();
        BOOST_TEST_REQUIRE(!l.receive(open_ok_frame(id)).empty());
        l.lane.reset(l.id_of(id), failure::none);
    }
    (void)l.sent();
    octets small;
    for (int i = 0; i < 1'000; ++i)
        small = small + data_frame(1, 40);
    for (std::uint8_t id = 1; id < 20; id += 2) {
        for (std::size_t at = 7; at < small.size(); at += 48)
            small[at] = id;
        BOOST_TEST(l.receive(small).empty());
    }
    BOOST_TEST(l.lane.counters().ignored_frames == 10'000U);
    BOOST_TEST(l.lane.buffered_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_before_its_open_was_written_was_never_there)
{
    scripted_lane l;
    l.greet();
    BOOST_TEST(l.open() == 1U);
    l.lane.reset(l.id_of(1), failure::none);
    BOOST_TEST(l.sent().empty());
    BOOST_TEST(l.open() == 3U);  // a skipped id is no error
    BOOST_TEST(l.sent() == "OPEN 3 example.org:80 limit=65536");
}

BOOST_AUTO_TEST_CASE(a_reset_replaces_an_open_ok_that_was_not_written)
{
    scripted_lane l;
    l.greet();
    enter_dialing(l);
    l.accept(2);
    l.supply(2, 100);
    l.lane.reset(l.id_of(2), failure::target_reset);
    BOOST_TEST(l.sent() == "RESET 2 14 sent=0 abort stop");
}

BOOST_AUTO_TEST_CASE(answers_for_a_stream_that_the_peer_gave_up_go_nowhere)
{
    scripted_lane l;
    l.greet();
    enter_dialing(l);
    BOOST_TEST(l.receive(reset_frame(2, 0)) == "reset 2 0");
    l.accept(2);
    l.lane.refuse(l.id_of(2), failure::general, "too late");
    l.lane.reset(l.id_of(2), failure::general);
    l.lane.consumed(l.id_of(2), 10, l.now);
    l.lane.set_ready(l.id_of(2), true);
    BOOST_TEST(l.sent().empty());
}

BOOST_AUTO_TEST_CASE(a_stream_ends_when_both_directions_have_and_all_is_consumed)
{
    scripted_lane l;
    l.greet();
    enter_half_l(l);
    BOOST_TEST(l.receive(data_frame(1, 100, flag_fin)) == "data 1 100 fin");
    BOOST_TEST(l.lane.stream_count() == 1U);
    l.consume(1, 99);
    BOOST_TEST(l.lane.stream_count() == 1U);
    l.consume(1, 1);
    BOOST_TEST(l.lane.stream_count() == 0U);
    BOOST_TEST(l.sent().empty());  // no WINDOW for a direction that has ended
}

BOOST_AUTO_TEST_CASE(unread_octets_of_a_reset_stream_are_given_back_to_the_budget)
{
    scripted_lane l;
    l.greet();
    enter_open(l);
    BOOST_TEST(l.receive(data_frame(1, 5'000)) == "data 1 5000");
    BOOST_TEST(l.lane.buffered_bytes() == 5'000U);
    BOOST_TEST(l.lease.used_bytes() == 5'000U);
    BOOST_TEST(l.receive(reset_frame(1, 14)) == "reset 1 14");
    BOOST_TEST(l.lane.buffered_bytes() == 0U);
    BOOST_TEST(l.lease.used_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_refusal_without_a_cause_is_never_told_as_success)
{
    scripted_lane l;
    l.greet();
    enter_opening(l);
    BOOST_TEST(l.receive(open_fail_frame(1, 0)) == "refused 1 1");
}

BOOST_AUTO_TEST_SUITE_END()
