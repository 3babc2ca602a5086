#define BOOST_TEST_MODULE sim
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "world.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace sim;

/// Everything about a run follows from its seed.
std::string run_workload(std::uint32_t seed, std::size_t streams)
{
    environment env(seed);
    world_settings settings;
    settings.up = random_pipe(env);
    settings.down = random_pipe(env);
    settings.client.seed = env.draw();
    settings.server.seed = env.draw();
    if (env.one_in(3))
        settings.server.streams_max = 16;  // opens wait for grants
    if (env.one_in(3))
        settings.budget_bytes = 2 * 1024 * 1024;  // memory is short all the time
    world w(env, settings, random_plans(env, streams, 3s));
    w.client.batch_bytes = 1'000 + env.dice(60'000);
    w.server.batch_bytes = 1'000 + env.dice(60'000);
    w.client.lane.set_chunk_bytes(1'024 + env.dice(60'000));
    w.server.lane.set_chunk_bytes(1'024 + env.dice(60'000));
    w.run([&] { return w.all_over(); }, 20min);
    w.run_for(2s);  // whoever is not read has its window full by then
    w.check_outcome();
    return std::move(env.log);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(workloads)

BOOST_DATA_TEST_CASE(
    every_octet_arrives_and_every_stream_ends_as_planned, data::xrange(1, 1 + seed_count(20)), seed
)
{
    BOOST_TEST_CONTEXT("seed " << seed)
    {
        const auto log = run_workload(static_cast<std::uint32_t>(seed), 60);
        BOOST_TEST(!log.empty());
    }
}

BOOST_DATA_TEST_CASE(one_seed_gives_one_log, data::xrange(100, 104), seed)
{
    BOOST_TEST_CONTEXT("seed " << seed)
    {
        const auto first = run_workload(static_cast<std::uint32_t>(seed), 30);
        const auto again = run_workload(static_cast<std::uint32_t>(seed), 30);
        BOOST_TEST(first.size() > 10'000U);
        BOOST_TEST((first == again));
        BOOST_TEST((first != run_workload(static_cast<std::uint32_t>(seed) + 1'000, 30)));
    }
}

BOOST_AUTO_TEST_SUITE_END()
