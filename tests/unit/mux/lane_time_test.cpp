#include <boost/test/unit_test.hpp>

#include "timed_lane.hpp"

namespace {

using namespace mux_test;

int count(std::string_view words, std::string_view word)
{
    int found = 0;
    for (auto at = words.find(word); at != words.npos; at = words.find(word, at + 1))
        ++found;
    return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(liveness)

BOOST_AUTO_TEST_CASE(silence_while_something_is_due_loses_the_link_after_8_s)
{
    scripted_lane l;
    open_stream(l);
    l.supply(1, 10);
    BOOST_TEST(l.sent() == "DATA 1 10");
    // Suspect after 2 s: it asks before it gives up.
    BOOST_TEST(said_within(l, 7'999ms) == "2000: PING; ");
    BOOST_TEST(said_within(l, 1ms) == "lost");
}

BOOST_AUTO_TEST_CASE(a_silent_link_is_suspect_until_something_comes)
{
    scripted_lane l;
    open_stream(l);
    l.supply(1, 10);
    (void)l.sent();
    (void)said_within(l, 1'999ms);
    BOOST_TEST(!l.lane.suspect());
    (void)said_within(l, 1ms);
    BOOST_TEST(l.lane.suspect());
    l.lane.handle_sign_of_life(l.now);
    BOOST_TEST(!l.lane.suspect());
}

BOOST_AUTO_TEST_CASE(a_short_link_timeout_leaves_half_of_it_to_look_for_another_link)
{
    mux::lane_settings settings;
    settings.link_timeout = 1s;
    scripted_lane l(settings);
    open_stream(l);
    l.supply(1, 10);
    (void)l.sent();
    BOOST_TEST(said_within(l, 999ms) == "500: PING; ");
    BOOST_TEST(l.lane.suspect());
    BOOST_TEST(said_within(l, 1ms) == "lost");
}

BOOST_AUTO_TEST_CASE(an_idle_link_that_is_probed_in_vain_is_suspect_after_2_s_and_lost_after_8)
{
    scripted_lane l;
    l.greet();
    BOOST_TEST(l.wait_with_living_peer(3s).empty());
    BOOST_TEST((l.lane.next_deadline() > l.now + 8s));
    l.lane.probe();
    BOOST_TEST(l.sent_all() == "PING");
    (void)said_within(l, 1'999ms);
    BOOST_TEST(!l.lane.suspect());
    (void)said_within(l, 1ms);
    BOOST_TEST(l.lane.suspect());
    BOOST_TEST(said_within(l, 6s) == "lost");
}

BOOST_AUTO_TEST_CASE(any_octet_is_a_sign_of_life)
{
    scripted_lane l;
    open_stream(l);
    l.supply(1, 10);
    (void)l.sent();
    const auto pad = raw_frame(0x4f, 0, octets(100, 0));
    for (std::size_t i = 0; i < 4; ++i) {  // a frame that trickles in
        (void)said_within(l, 5s);
        byte_view piece = byte_view(pad).subspan(i, 1);
        BOOST_TEST(!l.lane.handle_octets(piece, l.now).value().has_value());
    }
    (void)said_within(l, 5s);
    l.lane.handle_sign_of_life(l.now);  // a WebSocket ping
    BOOST_TEST(count(said_within(l, 7s), "lost") == 0);
}

BOOST_AUTO_TEST_CASE(an_idle_link_is_asked_now_and_then_and_not_lost)
{
    scripted_lane l;
    open_stream(l);
    BOOST_TEST(l.wait_with_living_peer(10min).empty());
    BOOST_TEST(!l.lane.failed());
    BOOST_TEST(l.lane.rtt().smoothed().count() > 0);
}

BOOST_AUTO_TEST_CASE(an_idle_link_is_pinged_each_15_s_give_or_take_a_fifth)
{
    scripted_lane l;
    l.greet();
    auto last = l.now;
    for (int i = 0; i < 20; ++i) {
        while (!l.lane.wants_to_send())
            BOOST_TEST_REQUIRE(l.wait(10ms).empty());
        const auto message = l.take_message();
        BOOST_TEST_REQUIRE(describe_message(message, false) == "PING");
        if (i > 0)
            BOOST_TEST(((l.now - last >= 12s) && (l.now - last <= 18'100ms)));
        last = l.now;
        octets pong;
        mux::append_pong(pong, {mux::decode_u64(byte_view(message).subspan(8)).value(), 0, 0});
        BOOST_TEST(l.receive(pong).empty());
    }
}

BOOST_AUTO_TEST_CASE(a_dead_idle_link_is_found_by_the_next_ping)
{
    scripted_lane l;
    l.greet();
    const auto words = said_within(l, 60s);
    BOOST_TEST(count(words, "PING") == 1);
    BOOST_TEST(words.ends_with("lost"));
}

BOOST_AUTO_TEST_CASE(a_busy_link_is_measured_each_2_s_from_the_start)
{
    scripted_lane l({.role = side::accepting});
    l.greet();
    BOOST_TEST(l.wait_with_living_peer(1s).empty());  // idle; the next PING is far away
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    l.accept(1);
    (void)l.sent();
    l.reads = true;
    int pings = 0;
    const auto began = l.now;
    while (l.now < began + 10s) {
        BOOST_TEST(l.receive(data_frame(1, 100)) == "data 1 100");
        BOOST_TEST(l.wait(100ms).empty());
        const auto message = l.take_message();
        byte_view rest = message;
        mux::frame_reader reader(mux::payload_bytes_max);
        while (const auto frame = reader.next(rest).value()) {
            if (frame->header.type != static_cast<std::uint8_t>(frame_type::ping))
                continue;
            ++pings;
            octets pong;
            mux::append_pong(pong, {mux::decode_u64(frame->payload).value(), 0, 0});
            BOOST_TEST(l.receive(pong).empty());
        }
    }
    BOOST_TEST(pings >= 4);
    BOOST_TEST(pings <= 7);
}

BOOST_AUTO_TEST_CASE(round_trips_are_measured_without_the_peers_own_delay)
{
    scripted_lane l;
    mux::hello ours, peer;
    peer.role = side::accepting;
    l.lane.send_hello(ours);
    (void)l.sent();
    BOOST_TEST(l.receive(hello_frame(peer)) == "ready");
    BOOST_TEST(l.wait(0ms).empty());
    const auto message = l.take_message();
    BOOST_TEST(describe_message(message, false) == "PING");
    l.now += 100ms;
    octets pong;
    mux::append_pong(pong, {mux::decode_u64(byte_view(message).subspan(8)).value(), 30'000, 0});
    BOOST_TEST(l.receive(pong).empty());
    BOOST_TEST(l.lane.rtt().smoothed().count() == 70'000);
    // The same PONG again, or one that was never asked for, measures nothing.
    l.now += 10s;
    BOOST_TEST(l.receive(pong).empty());
    BOOST_TEST(l.lane.rtt().smoothed().count() == 70'000);
}

BOOST_AUTO_TEST_CASE(opens_before_the_peers_hello_wait_8_s_and_no_deadline_spins)
{
    scripted_lane l;
    l.lane.send_hello({});
    BOOST_TEST(l.open() == 1U);
    BOOST_TEST(l.sent().starts_with("HELLO; OPEN 1"));
    BOOST_TEST(said_within(l, 60s) == "lost");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(lingering)

BOOST_AUTO_TEST_CASE(a_half_closed_stream_whose_peer_is_silent_ends_after_2_min)
{
    scripted_lane l;
    open_stream(l);
    l.supply(1, 10, true);
    (void)l.sent();
    BOOST_TEST(l.wait_with_living_peer(119s).empty());
    BOOST_TEST(l.wait_with_living_peer(2s) == "reset 1 16");
    BOOST_TEST(l.lane.stream_count() == 0U);  // told, and acknowledged
}

BOOST_AUTO_TEST_CASE(a_half_closed_stream_that_still_receives_goes_on)
{
    scripted_lane l;
    open_stream(l);
    l.reads = true;
    l.supply(1, 10, true);
    (void)l.sent();
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(l.wait_with_living_peer(100s).empty());
        BOOST_TEST(l.receive(data_frame(1, 10)) == "data 1 10");
    }
    BOOST_TEST(l.wait_with_living_peer(4min) == "reset 1 16");
}

BOOST_AUTO_TEST_CASE(a_half_closed_stream_whose_octets_nobody_reads_is_not_the_peers_fault)
{
    scripted_lane l;
    open_stream(l);
    l.supply(1, 10, true);
    (void)l.sent();
    BOOST_TEST(l.receive(data_frame(1, 1'000)) == "data 1 1000");
    BOOST_TEST(l.wait_with_living_peer(10min).empty());
    l.consume(1, 1'000);
    BOOST_TEST(l.wait_with_living_peer(10min) == "reset 1 16");
}

BOOST_AUTO_TEST_CASE(no_setting_makes_a_timer_spin)
{
    scripted_lane l(
        {.ping_interval = 0ms,
         .ping_interval_busy = 0ms,
         .half_close_linger = 0ms,
         .failed_streams_per_s = 0,
         .failed_streams_burst = 0}
    );
    open_stream(l);
    l.supply(1, 10, true);
    (void)l.sent();
    BOOST_TEST(l.receive(data_frame(1, 10) + open_frame(2)).starts_with("data 1 10; requested 2"));
    BOOST_TEST(l.receive(reset_frame(2, 0)) == "reset 2 0");
    BOOST_TEST(l.wait_with_living_peer(1s).empty());
    l.consume(1, 10);
    BOOST_TEST(l.wait_with_living_peer(1s) == "reset 1 16");
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_open_both_ways_may_be_silent_for_ever)
{
    scripted_lane l;
    open_stream(l);
    BOOST_TEST(l.wait_with_living_peer(1h).empty());
    BOOST_TEST(l.lane.stream_count() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stream_that_the_peer_half_closed_waits_for_us_without_limit)
{
    scripted_lane l;
    open_stream(l);
    BOOST_TEST(l.receive(data_frame(1, 0, flag_fin)) == "data 1 0 fin");
    BOOST_TEST(l.wait_with_living_peer(1h).empty());
    l.supply(1, 5, true);
    BOOST_TEST(l.sent() == "DATA 1 5 fin");
    BOOST_TEST(l.lane.stream_count() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
