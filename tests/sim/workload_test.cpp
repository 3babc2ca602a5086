#define BOOST_TEST_MODULE sim
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>

#include "world.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace sim;

pipe_settings random_pipe(environment& env)
{
    pipe_settings s;
    s.delay = microseconds(500 + env.dice(150'000));
    s.bytes_per_us = 0.5 + env.dice(50);
    s.room_bytes = 4'000 + env.dice(200'000);
    s.piece_bytes_max = env.one_in(4) ? 100 : 20'000;
    s.stall_one_in = env.one_in(2) ? 500 : 0;
    return s;
}

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

/// PENSTOCK_SIM_SEEDS=1000 runs that many; a failure names its seed.
int seed_count()
{
    const auto* const wanted = std::getenv("PENSTOCK_SIM_SEEDS");
    return wanted == nullptr ? 20 : std::atoi(wanted);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(workloads)

BOOST_DATA_TEST_CASE(
    every_octet_arrives_and_every_stream_ends_as_planned, data::xrange(1, 1 + seed_count()), seed
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
