#include <penstock/tunnel/traffic_meter.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;
using penstock::tunnel::traffic_meter;

struct metered_thread {
    /// So many octets in each of `count` intervals.
    void carry(std::size_t bytes, unsigned count)
    {
        for (unsigned i = 0; i < count; ++i)
            meter.add(bytes, now += traffic_meter::interval);
    }
    [[nodiscard]] bool busy() const { return meter.busy(now); }

    penstock::io::clock::time_point now{1'000s};
    unsigned sustained = 0;
    traffic_meter meter{1'000'000};

    metered_thread()
    {
        meter.on_sustained([this] { ++sustained; });
        meter.add(0, now);
    }
};

constexpr std::size_t little = 40'000;  ///< 800 kB/s
constexpr std::size_t much = 60'000;    ///< 1.2 MB/s

}  // namespace

BOOST_AUTO_TEST_SUITE(traffic_meters)

BOOST_AUTO_TEST_CASE(a_thread_that_has_carried_nothing_is_not_busy)
{
    const traffic_meter fresh(1);
    BOOST_TEST(!fresh.busy({}));
    BOOST_TEST(!fresh.busy(penstock::io::clock::time_point(1'000s)));
}

BOOST_AUTO_TEST_CASE(a_rate_makes_it_busy_and_many_octets_over_a_long_time_do_not)
{
    metered_thread t;
    t.carry(little, 20);
    BOOST_TEST(!t.busy());
    t.now += 10s;
    t.carry(8'000'000, 1);
    BOOST_TEST(!t.busy());
    t.carry(much, 1);
    BOOST_TEST(t.busy());
}

BOOST_AUTO_TEST_CASE(it_stays_busy_through_a_pause_and_not_for_ever)
{
    metered_thread t;
    t.carry(much, 1);
    t.now += traffic_meter::interval;
    BOOST_TEST(t.busy());
    t.now += 1s;
    BOOST_TEST(!t.busy());
}

BOOST_AUTO_TEST_CASE(a_lasting_transfer_is_told_once_and_a_burst_is_not)
{
    metered_thread t;
    t.carry(much, traffic_meter::sustained_intervals - 1);
    t.carry(little, 1);
    BOOST_TEST(t.sustained == 0u);
    t.carry(much, 100);
    BOOST_TEST(t.sustained == 1u);
    t.carry(little, 1);
    t.carry(much, 100);
    BOOST_TEST(t.sustained == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
