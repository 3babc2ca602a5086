#include <boost/test/unit_test.hpp>

#include "scripted_lane.hpp"

namespace {

using namespace mux_test;

constexpr std::size_t mebibyte = 1024 * 1024;

/// An accepting lane on a budget of 100 MiB, of which others use `others`.
struct memory_scene {
    explicit memory_scene(std::size_t others) : l({.role = side::accepting}, 100 * mebibyte)
    {
        l.greet();
        hold(others);
    }
    ~memory_scene() { hold(0); }
    void hold(std::size_t bytes)
    {
        l.lease.give(held);
        l.lease.take(held = bytes);
    }
    void open(std::uint32_t id)
    {
        BOOST_TEST_REQUIRE(l.receive(open_frame(id)).starts_with("requested"));
        l.accept(id);
    }
    void feed(std::uint32_t id, std::size_t bytes)
    {
        for (std::size_t part; bytes > 0; bytes -= part) {
            part = std::min<std::size_t>(bytes, 16'384);
            BOOST_TEST_REQUIRE(l.receive(data_frame(id, part)).starts_with("data"));
        }
    }

    scripted_lane l;
    std::size_t held = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(memory)

BOOST_AUTO_TEST_CASE(new_streams_begin_with_the_smallest_window_when_memory_is_short)
{
    memory_scene m(60 * mebibyte);
    m.open(1);
    BOOST_TEST(m.l.sent() == "OPEN_OK 1 limit=65536");
    m.hold(75 * mebibyte);
    m.open(3);
    BOOST_TEST(m.l.sent() == "OPEN_OK 3 limit=16384");
    BOOST_TEST(m.l.open() == 2U);
    BOOST_TEST(m.l.sent() == "OPEN 2 example.org:80 limit=16384");
}

BOOST_AUTO_TEST_CASE(a_thousand_unread_streams_survive_as_long_as_there_is_memory)
{
    memory_scene m(75 * mebibyte);
    for (std::uint32_t id = 1; id <= 1'999; id += 2) {
        m.open(id);
        m.feed(id, 16'384);
    }
    BOOST_TEST(m.l.lane.buffered_bytes() == 1'000U * 16'384);
    BOOST_TEST(m.l.wait_with_living_peer(1min).empty());
    BOOST_TEST(m.l.lane.stream_count() == 1'000U);
}

BOOST_AUTO_TEST_CASE(grants_go_only_to_empty_streams_when_memory_is_very_short)
{
    memory_scene m(90 * mebibyte);
    m.open(1);
    (void)m.l.sent();
    m.feed(1, 16'384);
    m.l.consume(1, 16'383);
    BOOST_TEST(m.l.sent().empty());
    m.l.consume(1, 1);
    BOOST_TEST(m.l.sent() == "WINDOW 1 32768");
}

BOOST_AUTO_TEST_CASE(the_largest_holder_whose_consumer_stands_still_is_shed_when_nothing_is_left)
{
    memory_scene m(0);
    for (const std::uint32_t id : {1U, 3U, 5U})
        m.open(id);
    m.feed(1, 20'000);
    m.feed(3, 50'000);
    m.feed(5, 60'000);
    (void)m.l.sent();
    m.hold(98 * mebibyte);
    for (int i = 0; i < 49; ++i) {  // stream 5 is slow but moves; nobody is shed within 5 s
        m.l.consume(5, 10);
        BOOST_TEST(m.l.wait_with_living_peer(100ms).empty());
    }
    m.l.consume(5, 10);
    BOOST_TEST(m.l.wait_with_living_peer(250ms) == "reset 3 17; reset 1 17");
    BOOST_TEST(m.l.lane.stream_count() == 1U);
}

BOOST_AUTO_TEST_CASE(sending_is_no_excuse_for_not_reading)
{
    memory_scene m(0);
    m.open(1);
    m.feed(1, 60'000);
    m.hold(98 * mebibyte);
    std::string events;
    for (int i = 0; i < 60 && events.empty(); ++i) {
        m.l.supply(1, 10);
        events = m.l.wait_with_living_peer(100ms);
    }
    BOOST_TEST(events == "reset 1 17");
}

BOOST_AUTO_TEST_CASE(octets_that_have_just_come_are_not_held_against_a_stream)
{
    memory_scene m(0);
    m.open(1);
    BOOST_TEST(m.l.wait_with_living_peer(1min).empty());  // idle for long
    m.feed(1, 60'000);
    m.hold(98 * mebibyte);
    BOOST_TEST(m.l.wait_with_living_peer(4'900ms).empty());
    BOOST_TEST(m.l.wait_with_living_peer(300ms) == "reset 1 17");
}

BOOST_AUTO_TEST_CASE(what_came_for_a_stream_that_was_reset_is_not_shed_in_place_of_what_is_held)
{
    memory_scene m(0);
    m.open(1);
    m.open(3);
    m.feed(1, 20'000);
    m.l.lane.reset(m.l.id_of(3), failure::none);
    for (int i = 0; i < 3; ++i)  // sent in good faith, dropped on arrival
        BOOST_TEST_REQUIRE(m.l.receive(data_frame(3, 16'384)).empty());
    m.hold(98 * mebibyte);
    BOOST_TEST(m.l.wait(6s) == "reset 1 17");  // the peer is slow to acknowledge the RESET
}

BOOST_AUTO_TEST_CASE(early_data_that_waits_for_its_dial_is_shed_too)
{
    memory_scene m(0);
    BOOST_TEST(m.l.receive(open_frame(1, 16'384)).starts_with("requested"));
    m.hold(98 * mebibyte);
    BOOST_TEST(m.l.wait_with_living_peer(4'900ms).empty());
    BOOST_TEST(m.l.wait_with_living_peer(300ms) == "reset 1 17");
}

BOOST_AUTO_TEST_CASE(streams_that_receive_share_what_is_left)
{
    memory_scene m(0);
    m.open(1);
    m.open(3);
    (void)m.l.sent();
    m.feed(1, 100);
    m.feed(3, 100);
    BOOST_TEST(m.l.whole.receiving_streams() == 2U);
    m.l.consume(1, 100);
    BOOST_TEST(m.l.wait_with_living_peer(1s).empty());
    BOOST_TEST(m.l.whole.receiving_streams() == 0U);  // nothing came lately
    m.feed(3, 100);
    BOOST_TEST(m.l.whole.receiving_streams() == 1U);
    BOOST_TEST(m.l.receive(reset_frame(3, 0)).starts_with("reset"));
    BOOST_TEST(m.l.wait_with_living_peer(1s).empty());
    BOOST_TEST(m.l.whole.receiving_streams() == 0U);
}

BOOST_AUTO_TEST_CASE(a_fin_without_octets_does_not_make_a_receiver)
{
    memory_scene m(0);
    m.open(1);
    BOOST_TEST(m.l.receive(data_frame(1, 0, flag_fin)) == "data 1 0 fin");
    BOOST_TEST(m.l.whole.receiving_streams() == 0U);
}

BOOST_AUTO_TEST_CASE(a_lane_that_goes_away_gives_everything_back)
{
    memory_budget whole(100 * mebibyte);
    budget_lease lease(whole);
    {
        const mux::time_point now{1'000s};
        mux::lane lane({.role = side::accepting}, lease, now);
        mux::hello peer;
        const auto frames = hello_frame(peer) + open_frame(1, 10'000) + data_frame(1, 5'000);
        byte_view input = frames;
        while (lane.handle_octets(input, now).value()) {
        }
        BOOST_TEST(lease.used_bytes() == 15'000U);
        BOOST_TEST(whole.receiving_streams() == 1U);
    }
    BOOST_TEST(lease.used_bytes() == 0U);
    BOOST_TEST(whole.receiving_streams() == 0U);
}

BOOST_AUTO_TEST_CASE(a_lane_with_many_idle_streams_sleeps)
{
    memory_scene m(0);
    for (std::uint32_t id = 1; id < 200; id += 2)
        m.open(id);
    (void)m.l.sent();
    BOOST_TEST(m.l.wait_with_living_peer(1s).empty());
    // Only the heartbeat is due: no timer runs for streams that do nothing.
    BOOST_TEST((m.l.lane.next_deadline() > m.l.now + 1s));
}

BOOST_AUTO_TEST_SUITE_END()
