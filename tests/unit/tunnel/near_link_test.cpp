#include <penstock/tunnel/near_link.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;
using penstock::tunnel::near_link;

constexpr penstock::io::clock::time_point start{1'000s};
constexpr std::size_t segment = 1'460;
constexpr int floor_bytes = near_link::receive_bytes_min;

}  // namespace

BOOST_AUTO_TEST_SUITE(near_links)

BOOST_AUTO_TEST_CASE(a_far_link_is_left_alone)
{
    near_link link;
    BOOST_TEST(link.add(100'000'000, start));
    BOOST_TEST(!link.update(20ms, segment, start).has_value());
    BOOST_TEST(!link.is_near());
}

BOOST_AUTO_TEST_CASE(a_near_link_gets_a_small_window_once)
{
    near_link link;
    BOOST_TEST((link.update(10us, segment, start) == floor_bytes));
    BOOST_TEST(link.is_near());
    BOOST_TEST(!link.add(1'000, start + 50ms));
    BOOST_TEST(link.add(1'000, start + 100ms));
    BOOST_TEST(!link.update(10us, segment, start + 100ms).has_value());
}

BOOST_AUTO_TEST_CASE(a_near_link_holds_a_millisecond_of_its_rate)
{
    near_link link;
    (void)link.update(10us, segment, start);
    (void)link.add(6'250'000, start + 100ms);  // 500 Mbit/s
    BOOST_TEST((link.update(10us, segment, start + 100ms) == 62'500));
    (void)link.add(100'000'000, start + 200ms);
    BOOST_TEST((link.update(10us, segment, start + 200ms) == int{near_link::receive_bytes_usual}));
}

BOOST_AUTO_TEST_CASE(two_segments_always_fit)
{
    near_link link;
    BOOST_TEST((link.update(10us, 65'483, start) == 2 * 65'483));
}

BOOST_AUTO_TEST_CASE(a_fast_network_is_filled)
{
    // 10 Gbit/s at half a millisecond: 625 KB on the way. Each look finds what the window of the
    // one before let through.
    near_link link;
    auto now = start;
    double window = link.update(500us, segment, now).value();
    for (int i = 0; i < 20; ++i) {
        const auto rate = std::min(1.25e9, window / 500e-6);
        now += 100ms;
        BOOST_TEST_REQUIRE(link.add(static_cast<std::size_t>(rate / 10), now));
        window = link.update(500us, segment, now).value_or(static_cast<int>(window));
    }
    BOOST_TEST(window >= 625'000);
    BOOST_TEST(window <= 2'000'000);
}

BOOST_AUTO_TEST_CASE(a_window_is_not_taken_back_while_the_link_is_quiet)
{
    near_link link;
    (void)link.update(1ms, segment, start);
    (void)link.add(100'000'000, start + 100ms);
    BOOST_TEST((link.update(1ms, segment, start + 100ms) == 2'000'000));
    (void)link.add(100, start + 200ms);
    BOOST_TEST(!link.update(1ms, segment, start + 200ms).has_value());
}

BOOST_AUTO_TEST_CASE(a_link_that_turns_out_to_be_far_is_let_go)
{
    near_link link;
    (void)link.update(1ms, segment, start);
    BOOST_TEST(link.update(5ms, segment, start + 100ms).value() > 100'000'000);
    BOOST_TEST(!link.update(5ms, segment, start + 200ms).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
