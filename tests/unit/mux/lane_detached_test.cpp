// What happens to a lane while it has no link, and what becomes of its clocks when it has one
// again.
#include <boost/test/unit_test.hpp>

#include "resuming_lane.hpp"

using namespace mux_test;

BOOST_AUTO_TEST_SUITE(detached)

BOOST_AUTO_TEST_CASE(a_detached_lane_sleeps)
{
    resuming_lane l;
    enter_half_l(l);  // lingers, and two frames are not acknowledged
    BOOST_TEST(l.wait(1ms).empty());
    BOOST_TEST(l.receive(u64_frame(frame_type::ping, 1)).empty());
    l.lose();
    BOOST_TEST((l.lane.next_deadline() == mux::time_point::max()));
    BOOST_TEST(!l.lane.handle_timeout(l.now += 24h));
    BOOST_TEST(!l.lane.poll_event());
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.resume(1) == "DATA 1 5 fin");
}

BOOST_AUTO_TEST_CASE(silence_is_counted_from_the_new_link_on)
{
    for (const auto role : {side::connecting, side::accepting}) {
        resuming_lane l(keeping(role));
        BOOST_TEST(l.open() != 0U);
        (void)l.sent();
        BOOST_TEST(l.wait(7s).empty());  // a PING is not answered, an ACK not sent
        (void)l.sent();
        l.lose();
        l.now += 1h;
        BOOST_TEST(!l.resume(0).empty());
        const auto said = said_within(l, 9s);
        BOOST_TEST_CONTEXT(said)
        {
            BOOST_TEST(said.starts_with("0: PING; "));
            BOOST_TEST(said.ends_with("lost"));
        }
        BOOST_TEST((l.now == mux::time_point(1'000s) + 1ms + 7s + 1h + 8s));
    }
}

BOOST_AUTO_TEST_CASE(an_ack_is_overdue_30_s_after_the_new_link)
{
    resuming_lane l;
    enter_opening(l);
    BOOST_TEST(l.wait(1s).empty());
    l.lose();
    l.now += 1h;
    BOOST_TEST(l.resume(0).starts_with("OPEN 1"));
    const auto began = l.now;
    while (!l.lane.failed() && l.now < began + 60s) {
        BOOST_TEST(l.wait(1s).empty());
        (void)l.take_message();
        if (!l.lane.failed())
            BOOST_TEST(l.receive(raw_frame(0x4f, 0, {})).empty());
    }
    BOOST_TEST((l.now - began == 30s));
    BOOST_TEST(!l.lane.resumable());
}

BOOST_AUTO_TEST_CASE(the_linger_of_a_half_closed_stream_rests)
{
    resuming_lane l;
    enter_half_l(l);
    BOOST_TEST(l.wait_with_living_peer(100s).empty());
    l.lose();
    BOOST_TEST(l.wait(1h).empty());
    BOOST_TEST(l.resume(2).empty());
    BOOST_TEST(l.wait_with_living_peer(119s).empty());
    // It is looked at again a whole period later at most.
    BOOST_TEST(l.wait_with_living_peer(121s + 1s) == "reset 1 16");
}

BOOST_AUTO_TEST_CASE(grants_of_failed_streams_come_back_while_there_is_no_link)
{
    auto settings = keeping(side::accepting);
    settings.streams_max = 100;
    settings.failed_streams_burst = 1;
    settings.failed_streams_per_s = 10;
    resuming_lane l(settings);
    for (std::uint32_t id = 1; id < 100; id += 2) {
        BOOST_TEST(l.receive(open_frame(id)).starts_with("requested"));
        BOOST_TEST(l.receive(reset_frame(id, 1)).starts_with("reset"));
    }
    l.lose();
    BOOST_TEST(l.wait(1h).empty());
    BOOST_TEST((l.lane.next_deadline() == mux::time_point::max()));
    BOOST_TEST(l.resume(0) == "MAX_STREAMS 150");
}

BOOST_AUTO_TEST_CASE(receivers_are_recounted_while_there_is_no_link)
{
    resuming_lane l;
    enter_open(l);
    BOOST_TEST(l.receive(data_frame(1, 100)) == "data 1 100");
    BOOST_TEST(l.whole.receiving_streams() == 1U);
    l.lose();
    BOOST_TEST(l.wait(1s).empty());
    BOOST_TEST(l.whole.receiving_streams() == 0U);
}

BOOST_AUTO_TEST_CASE(memory_is_looked_after_while_there_is_no_link)
{
    resuming_lane l;
    enter_open(l);
    BOOST_TEST(l.receive(data_frame(1, 60'000)) == "data 1 60000");
    l.lose();
    l.lease.take(63 * 1024 * 1024);
    BOOST_TEST(l.wait(6s) == "reset 1 17");
    l.lease.give(63 * 1024 * 1024);
    BOOST_TEST(l.resume(1) == "RESET 1 17 sent=0 abort stop");
}

BOOST_AUTO_TEST_CASE(what_is_consumed_meanwhile_is_granted_on_the_next_link)
{
    resuming_lane l;
    enter_open(l);
    BOOST_TEST(l.receive(data_frame(1, 60'000)) == "data 1 60000");
    l.lose();
    for (int i = 0; i < 3; ++i)
        l.consume(1, 20'000);
    BOOST_TEST(l.lane.buffered_bytes() == 0U);
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.resume(1) == "WINDOW 1 125536");
}

BOOST_AUTO_TEST_CASE(streams_opened_meanwhile_follow_what_is_sent_again)
{
    resuming_lane l;
    enter_opening(l);
    l.lose();
    BOOST_TEST(l.open("other.org:80") == 3U);
    l.supply(3, 10, true);
    BOOST_TEST(!l.lane.wants_to_send());
    l.dial();
    BOOST_TEST(l.open("third.org:80") == 5U);
    BOOST_TEST(l.answer(0) == "ready");
    BOOST_TEST(l.sent() == "OPEN 1 example.org:80 limit=65536");
    BOOST_TEST(
        l.sent() ==
        "OPEN 3 other.org:80 limit=65536; OPEN 5 third.org:80 limit=65536; DATA 3 10 fin"
    );
}

BOOST_AUTO_TEST_CASE(streams_opened_and_given_up_meanwhile_are_never_told)
{
    resuming_lane l;
    l.lose();
    BOOST_TEST(l.open() == 1U);
    l.lane.reset(l.id_of(1), failure::general);
    BOOST_TEST(l.lane.stream_count() == 0U);
    BOOST_TEST(l.resume(0).empty());
    BOOST_TEST(l.open() == 3U);
    BOOST_TEST(l.sent() == "OPEN 3 example.org:80 limit=65536");
}

BOOST_AUTO_TEST_CASE(streams_reset_meanwhile_are_told_behind_what_is_sent_again)
{
    resuming_lane l;
    enter_open(l);
    l.supply(1, 10);
    BOOST_TEST(l.sent() == "DATA 1 10");
    l.lose();
    l.lane.reset(l.id_of(1), failure::target_reset);
    BOOST_TEST(l.resume(0) == "OPEN 1 example.org:80 limit=65536; DATA 1 10");
    BOOST_TEST(l.sent() == "RESET 1 14 sent=10 abort stop");
    BOOST_TEST(l.receive(data_frame(1, 1'000)).empty());
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
    BOOST_TEST(l.lane.stream_count() == 1U);
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 3)).empty());
    BOOST_TEST(l.lane.stream_count() == 0U);
}

BOOST_AUTO_TEST_CASE(dials_that_end_meanwhile_are_told)
{
    resuming_lane l;
    enter_dialing(l);
    BOOST_TEST(l.receive(open_frame(4)).starts_with("requested"));
    l.lose();
    l.accept(2);
    l.lane.refuse(l.id_of(4), failure::connection_refused, "no");
    BOOST_TEST(l.resume(0) == "OPEN_OK 2 limit=65536; OPEN_FAIL 4 5 \"no\"");
}

BOOST_AUTO_TEST_CASE(a_source_that_ends_meanwhile_ends_the_stream_afterwards)
{
    resuming_lane l;
    enter_open(l);
    l.lose();
    l.supply(1, 10, true);
    BOOST_TEST(l.resume(1) == "DATA 1 10 fin");
    l.lose();
    BOOST_TEST(l.resume(1) == "DATA 1 10 fin");
    BOOST_TEST(l.receive(data_frame(1, 0, flag_fin)) == "data 1 0 fin");
    BOOST_TEST(l.lane.stream_count() == 0U);
    l.lose();  // the stream is gone, the peer may not know its end yet
    BOOST_TEST(l.resume(1) == "DATA 1 10 fin");
}

BOOST_AUTO_TEST_CASE(draining_goes_on)
{
    resuming_lane l;
    enter_open_by_peer(l);
    octets drain;
    mux::append_drain(drain, {0, 500, {0, {}}});
    BOOST_TEST(l.receive(drain) == "draining 0 500");
    l.lose();
    l.lane.drain(2s, "soon");
    BOOST_TEST(!l.lane.can_open());
    BOOST_TEST(l.resume(1) == "DRAIN 2 2000 0 \"soon\"");
    BOOST_TEST(!l.lane.can_open());
    l.lose();
    BOOST_TEST(l.resume(1) == "DRAIN 2 2000 0 \"soon\"");
    BOOST_TEST(l.receive(open_frame(4)).empty());
    BOOST_TEST(l.sent().starts_with("OPEN_FAIL 4 11"));
}

BOOST_AUTO_TEST_CASE(link_drain_is_of_its_link_alone)
{
    octets link_drain;
    mux::append_u32(link_drain, frame_type::link_drain, {}, 700);
    resuming_lane l;
    for (int links = 0; links < 3; ++links) {
        BOOST_TEST(l.lane.can_open());
        BOOST_TEST(l.receive(link_drain) == "link leaving 700");
        BOOST_TEST(!l.lane.can_open());
        BOOST_TEST(l.receive(link_drain).empty());
        l.lose();
        BOOST_TEST(l.lane.can_open());
        BOOST_TEST(l.resume(0).empty());
    }
    octets drain;
    mux::append_drain(drain, {0, 500, {0, {}}});
    BOOST_TEST(l.receive(link_drain) == "link leaving 700");
    BOOST_TEST(l.receive(drain) == "draining 0 500");
    l.lose();
    BOOST_TEST(!l.lane.can_open());
}

BOOST_AUTO_TEST_CASE(what_a_pong_counts_are_the_octets_of_its_link)
{
    const auto rx_bytes_of_pong = [](scripted_lane& l) {
        BOOST_TEST(l.receive(u64_frame(frame_type::ping, 5)).empty());
        const auto message = l.take_message();
        byte_view rest = message;
        mux::frame_reader reader(mux::payload_bytes_max);
        while (const auto frame = reader.next(rest).value())
            if (frame->header.type == static_cast<std::uint8_t>(frame_type::pong))
                return mux::decode_pong(frame->payload).value().rx_bytes;
        return std::uint64_t{0};
    };
    resuming_lane l;
    enter_open(l);
    BOOST_TEST(l.receive(data_frame(1, 50'000)) == "data 1 50000");
    BOOST_TEST(rx_bytes_of_pong(l) > 50'000U);
    l.lose();
    BOOST_TEST(l.resume(1).empty());
    auto answer = l.peer;
    answer.recv_seq = answer.next_seq = 1;
    const auto ping_bytes = mux::frame_header_bytes + 8U;
    BOOST_TEST(rx_bytes_of_pong(l) == hello_frame(answer).size() + ping_bytes);
    BOOST_TEST(l.lane.counters().received_bytes > 50'000U);
}

BOOST_AUTO_TEST_SUITE_END()
