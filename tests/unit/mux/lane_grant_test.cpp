#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "scripted_lane.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;

scripted_lane server(std::uint32_t streams_max = 4'096)
{
    return scripted_lane({.role = side::accepting, .streams_max = streams_max});
}

octets max_streams(std::uint32_t value)
{
    octets out;
    mux::append_u32(out, frame_type::max_streams, mux::stream_id{}, value);
    return out;
}

/// Opened by the peer, answered, ended by both.
void whole_life(scripted_lane& l, std::uint32_t id)
{
    BOOST_TEST_REQUIRE(l.receive(open_frame(id)).starts_with("requested"));
    l.accept(id);
    l.supply(id, 0, true);
    (void)l.sent();
    BOOST_TEST_REQUIRE(l.receive(data_frame(id, 0, flag_fin)).ends_with("fin"));
}

struct sample {
    std::string_view what;
    std::uint32_t id;
    int error;

    friend std::ostream& operator<<(std::ostream& os, const sample& s) { return os << s.what; }
};

const sample bad_ids[] = {
    {"the lane's own id", 0, 33},
    {"an id of our parity", 2, 33},
    {"the id that was opened last", 5, 33},
    {"a lower id that was skipped", 3, 33},
    {"an id beyond the last", 0x8000'0001, 33},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(stream_ids)

BOOST_DATA_TEST_CASE(an_open_out_of_order_ends_the_lane, data::make(bad_ids), sample)
{
    auto l = server();
    l.greet();
    BOOST_TEST(l.receive(open_frame(5)) == "requested 5 example.org:80 0");
    BOOST_TEST(l.receive(open_frame(sample.id)) == "error " + std::to_string(sample.error));
}

BOOST_AUTO_TEST_CASE(ids_may_be_skipped)
{
    auto l = server();
    l.greet();
    BOOST_TEST(l.receive(open_frame(5) + open_frame(999) + open_frame(0x7fff'ffff))
                   .ends_with("requested 2147483647 example.org:80 0"));
    // What was skipped was never open.
    BOOST_TEST(l.receive(window_frame(7, 1)).empty());
    BOOST_TEST(l.receive(data_frame(7, 1)) == "error 35");
}

BOOST_AUTO_TEST_CASE(each_side_has_its_own_parity)
{
    auto l = server();
    l.greet();
    BOOST_TEST(l.open() == 2U);
    BOOST_TEST(l.open() == 4U);
    scripted_lane client;
    client.greet();
    BOOST_TEST(client.open() == 1U);
    BOOST_TEST(client.open() == 3U);
}

BOOST_AUTO_TEST_CASE(other_kinds_than_tcp_are_refused_and_the_lane_lives)
{
    auto l = server();
    l.greet();
    auto open = open_frame(1);
    open[8] = 2;
    BOOST_TEST(l.receive(open).empty());
    BOOST_TEST(l.sent().starts_with("OPEN_FAIL 1 7 "));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(grants)

BOOST_AUTO_TEST_CASE(an_open_beyond_the_grant_ends_the_lane)
{
    auto l = server(20);
    l.greet();
    for (std::uint32_t i = 0; i < 20; ++i)
        BOOST_TEST(l.receive(open_frame(2 * i + 1)).starts_with("requested"));
    BOOST_TEST(l.receive(open_frame(41)) == "error 36");
}

BOOST_AUTO_TEST_CASE(the_grant_of_an_ended_stream_comes_back)
{
    auto l = server(20);
    l.greet();
    for (std::uint32_t i = 0; i < 1'000; ++i)
        whole_life(l, 2 * i + 1);
    BOOST_TEST(l.lane.stream_count() == 0U);
}

BOOST_AUTO_TEST_CASE(a_peer_that_is_short_of_grants_is_told_at_once)
{
    auto l = server(100);
    l.greet();
    for (std::uint32_t i = 0; i < 99; ++i)
        BOOST_TEST(l.receive(open_frame(2 * i + 1)).starts_with("requested"));
    (void)l.sent();
    l.accept(1);
    l.supply(1, 0, true);
    (void)l.sent();
    BOOST_TEST(l.receive(data_frame(1, 0, flag_fin)) == "data 1 0 fin");
    BOOST_TEST(l.lane.wants_to_send());
    BOOST_TEST(l.sent() == "MAX_STREAMS 101");
}

BOOST_AUTO_TEST_CASE(a_peer_with_grants_to_spare_is_told_with_the_next_frame)
{
    auto l = server(100);
    l.greet();
    whole_life(l, 1);
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.receive(open_frame(3)).starts_with("requested"));
    l.accept(3);
    BOOST_TEST(l.sent() == "MAX_STREAMS 101; OPEN_OK 3 limit=65536");
}

BOOST_AUTO_TEST_CASE(grants_of_failed_streams_come_back_at_a_bounded_rate)
{
    // CVE-2023-44487: opening and resetting without end is slowed to 100 a second, after 500.
    auto l = server(600);
    l.greet();
    std::uint32_t next = 1, opened = 0, granted = 600;
    const auto flood = [&] {
        for (; opened < granted; ++opened, next += 2) {
            BOOST_TEST_REQUIRE(l.receive(open_frame(next)).starts_with("requested"));
            BOOST_TEST_REQUIRE(l.receive(reset_frame(next, 0)).starts_with("reset"));
        }
        BOOST_TEST(l.wait_with_living_peer(10ms).empty());
    };
    const auto listen = [&] {
        const auto words = l.sent();
        if (const auto at = words.rfind("MAX_STREAMS "); at != std::string::npos)
            granted = static_cast<std::uint32_t>(std::stoul(words.substr(at + 12)));
    };
    l.lane.set_chunk_bytes(16'384);
    flood();
    listen();
    const auto began = l.now;
    while (l.now < began + 10s) {
        // wait_with_living_peer() takes what is sent, so the grant is read off what is refused.
        l.now += 100ms;
        BOOST_TEST_REQUIRE(!l.lane.handle_timeout(l.now));
        listen();
        for (; opened < granted; ++opened, next += 2) {
            BOOST_TEST_REQUIRE(l.receive(open_frame(next)).starts_with("requested"));
            BOOST_TEST_REQUIRE(l.receive(reset_frame(next, 0)).starts_with("reset"));
        }
        l.lane.handle_sign_of_life(l.now);
    }
    BOOST_TEST(opened >= 600 + 500 + 900U);
    BOOST_TEST(opened <= 600 + 500 + 1'100U);
    BOOST_TEST(!l.lane.failed());
}

BOOST_AUTO_TEST_CASE(a_refused_stream_keeps_its_grant_until_the_peer_has_acknowledged)
{
    auto l = server(16);
    l.greet();
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    l.lane.refuse(l.id_of(1), failure::connection_refused, "");
    BOOST_TEST(l.sent() == "OPEN_FAIL 1 5");
    BOOST_TEST(l.wait(100ms).empty());
    BOOST_TEST(l.sent().empty());
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)).empty());
    BOOST_TEST(l.wait(100ms).empty());
    l.lane.set_chunk_bytes(16'384);
    BOOST_TEST(l.receive(u64_frame(frame_type::ping, 7)).empty());
    BOOST_TEST(l.sent() == "MAX_STREAMS 17");
}

BOOST_AUTO_TEST_CASE(a_raised_grant_lets_us_open_and_a_lower_one_takes_nothing)
{
    scripted_lane l;
    mux::hello peer;
    peer.streams_max = 16;
    l.greet(peer);
    for (int i = 0; i < 16; ++i)
        BOOST_TEST(l.open() != 0U);
    BOOST_TEST(l.open() == 0U);
    BOOST_TEST(l.receive(max_streams(17)).empty());
    BOOST_TEST(l.lane.can_open());
    BOOST_TEST(l.receive(max_streams(5)).empty());
    BOOST_TEST(l.open() != 0U);
    BOOST_TEST(l.open() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
