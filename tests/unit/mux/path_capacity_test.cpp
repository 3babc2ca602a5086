#include <penstock/mux/path_capacity.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

#include "scripted_lane.hpp"

namespace {

using namespace mux_test;

/// The limit that the next stream of the lane asks for.
std::uint32_t next_limit(scripted_lane& l)
{
    (void)l.sent();
    BOOST_TEST_REQUIRE(l.open() != 0U);
    const auto words = l.sent();
    const auto at = words.find("limit=");
    BOOST_TEST_REQUIRE((at != std::string::npos), words);
    return static_cast<std::uint32_t>(std::stoul(words.substr(at + 6)));
}

/// A gateway's lane whose stream 1 receives `bytes` in each of its first ten milliseconds.
struct downloading_lane {
    explicit downloading_lane(std::size_t bytes) : bytes_each(bytes)
    {
        l.greet();
        BOOST_TEST_REQUIRE(l.open() == 1U);
        (void)l.sent();
        BOOST_TEST_REQUIRE(l.receive(open_ok_frame(1)).starts_with("opened"));
        for (int i = 0; i < 10; ++i)
            step();
    }
    void step()
    {
        for (std::size_t part, left = bytes_each; left > 0; left -= part) {
            part = std::min<std::size_t>(left, 16'384);
            BOOST_TEST_REQUIRE(l.receive(data_frame(1, part)).starts_with("data"));
            l.consume(1, part);
        }
        BOOST_TEST(l.wait_with_living_peer(1ms).empty());
    }

    scripted_lane l;
    std::size_t bytes_each;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(path)

BOOST_AUTO_TEST_CASE(a_path_is_known_by_the_most_that_a_round_trip_carried)
{
    mux::path_capacity path;
    mux::time_point now{1'000s};
    BOOST_TEST(path.bytes() == 0U);
    path.add(0, 10ms, now);
    for (int i = 0; i < 20; ++i)
        path.add(1'000, 10ms, now += 1ms);
    BOOST_TEST(path.bytes() == 10'000U);
    path.add(100, 10ms, now += 10ms);
    BOOST_TEST(path.bytes() == 10'000U);  // less was asked for, not less possible
}

BOOST_AUTO_TEST_CASE(what_was_long_ago_is_forgotten)
{
    mux::path_capacity path;
    mux::time_point now{1'000s};
    path.add(0, 10ms, now);
    path.add(50'000, 10ms, now += 10ms);
    for (int i = 0; i < 59; ++i)
        path.add(1'000, 10ms, now += 1s);
    BOOST_TEST(path.bytes() == 50'000U);
    for (int i = 0; i < 120; ++i)
        path.add(1'000, 10ms, now += 1s);
    BOOST_TEST(path.bytes() < 50'000U);
}

BOOST_AUTO_TEST_CASE(a_new_stream_begins_with_what_the_path_is_known_to_carry)
{
    downloading_lane fast(60'000);
    const auto first = next_limit(fast.l);
    BOOST_TEST(first > 65'536U);
    BOOST_TEST(first <= 120'000U);

    downloading_lane slow(1'000);
    BOOST_TEST(next_limit(slow.l) == 65'536U);
}

BOOST_AUTO_TEST_CASE(many_new_streams_share_what_the_path_carries)
{
    downloading_lane fast(60'000);
    std::uint64_t beyond = 0;
    for (int i = 0; i < 100; ++i)
        beyond += next_limit(fast.l) - 65'536U;
    BOOST_TEST(beyond <= 240'000U);
    BOOST_TEST(next_limit(fast.l) == 65'536U);
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_gives_its_part_back)
{
    downloading_lane fast(60'000);
    const auto first = next_limit(fast.l);
    BOOST_TEST(next_limit(fast.l) < first);
    for (const std::uint32_t id : {3U, 5U})
        fast.l.lane.reset(fast.l.id_of(id), failure::none);
    BOOST_TEST(next_limit(fast.l) == first);
}

BOOST_AUTO_TEST_SUITE_END()
