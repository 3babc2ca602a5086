#include <penstock/mux/rtt.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;
using namespace penstock::mux;

constexpr time_point start{1'000s};

}  // namespace

BOOST_AUTO_TEST_SUITE(round_trip_time)

BOOST_AUTO_TEST_CASE(windows_are_sized_for_a_millisecond_until_it_is_measured)
{
    BOOST_TEST(rtt_estimator{}.for_windows().count() == 1'000);
}

BOOST_AUTO_TEST_CASE(the_first_sample_counts_whole_and_later_ones_an_eighth)
{
    rtt_estimator rtt;
    rtt.add(80ms, start);
    BOOST_TEST(rtt.smoothed().count() == 80'000);
    rtt.add(160ms, start + 2s);
    BOOST_TEST(rtt.smoothed().count() == 90'000);
    BOOST_TEST(rtt.minimum().count() == 80'000);
}

BOOST_AUTO_TEST_CASE(a_queue_of_our_own_does_not_inflate_windows)
{
    rtt_estimator rtt;
    rtt.add(20ms, start);
    for (int i = 0; i < 50; ++i)
        rtt.add(400ms, start + i * 10ms);
    BOOST_TEST(rtt.smoothed().count() > 300'000);
    BOOST_TEST(rtt.for_windows().count() == 40'000);
}

BOOST_AUTO_TEST_CASE(the_minimum_is_forgotten_after_twenty_seconds)
{
    rtt_estimator rtt;
    rtt.add(20ms, start);
    for (int i = 1; i <= 25; ++i)
        rtt.add(100ms, start + i * 1s);
    BOOST_TEST(rtt.minimum().count() == 100'000);
}

BOOST_AUTO_TEST_CASE(windows_are_sized_for_a_second_at_most)
{
    rtt_estimator rtt;
    rtt.add(5s, start);
    BOOST_TEST(rtt.for_windows().count() == 1'000'000);
    rtt_estimator none;
    none.add(0us, start);
    BOOST_TEST(none.smoothed().count() == 1);
    BOOST_TEST(none.for_windows().count() == 1'000);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(token_buckets)

BOOST_AUTO_TEST_CASE(a_burst_then_the_rate)
{
    token_bucket bucket(10, 3, start);
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(bucket.take(start));
    BOOST_TEST(!bucket.take(start));
    BOOST_TEST(!bucket.take(start + 99ms));
    BOOST_TEST(bucket.take(start + 100ms));
    BOOST_TEST(!bucket.take(start + 101ms));
}

BOOST_AUTO_TEST_CASE(it_never_holds_more_than_the_burst)
{
    token_bucket bucket(1'000, 5, start);
    int taken = 0;
    while (bucket.take(start + 24h))
        ++taken;
    BOOST_TEST(taken == 5);
}

BOOST_AUTO_TEST_CASE(the_next_token_is_there_when_it_says)
{
    token_bucket bucket(100, 1, start);
    BOOST_TEST((bucket.next(start) == start));
    BOOST_TEST(bucket.take(start));
    const auto next = bucket.next(start);
    BOOST_TEST((next > start));
    BOOST_TEST((next <= start + 12ms));
    BOOST_TEST(bucket.take(next));
}

BOOST_AUTO_TEST_CASE(time_that_goes_backwards_gives_nothing)
{
    token_bucket bucket(100, 1, start);
    BOOST_TEST(bucket.take(start));
    BOOST_TEST(!bucket.take(start - 1h));
    BOOST_TEST(bucket.take(start + 10ms));
}

BOOST_AUTO_TEST_SUITE_END()
