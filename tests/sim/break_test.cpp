#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "world.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace sim;

void break_now_and_then(environment& env, break_plan& breaks)
{
    for (auto cuts = 1 + env.dice(5); cuts > 0; --cuts)
        breaks.cuts.emplace_back(env.dice(8'000'000));
    for (auto planned = env.dice(3); planned > 0; --planned)
        breaks.hand_overs.emplace_back(env.dice(8'000'000));
    breaks.doomed_attempts = static_cast<int>(env.dice(4));
    const std::uint32_t within[] = {10'000, 300'000, 5'000'000};
    breaks.notice_max = microseconds(within[env.dice(3)]);
    breaks.dial_max = microseconds(within[env.dice(3)]);
    breaks.patience_max = env.one_in(2) ? 1s : 5s;  // more than a round trip, now and then
}

/// With a log of one frame a round trip carries one frame: little enough that no half-closed stream
/// lingers.
void slow_down(stream_plan& p)
{
    p.up_bytes %= 5'000;
    if (!p.never_ends())
        p.down_bytes %= 5'000;
    p.early_bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(p.early_bytes, p.up_bytes));
    if (p.end == ending::client_resets)
        p.reset_after_bytes = p.up_bytes / 2;
    if (p.end == ending::server_resets)
        p.reset_after_bytes = p.down_bytes / 2;
}

/// Everything about a run follows from its seed.
std::string run_broken(std::uint32_t seed, std::size_t streams, carrier_counters& sum)
{
    environment env(seed);
    world_settings settings;
    settings.up = random_pipe(env);
    settings.down = random_pipe(env);
    const std::uint64_t replay_bytes[] = {1'024, 65'536, 32 * 1024 * 1024};
    for (auto* const lane : {&settings.client, &settings.server}) {
        lane->seed = env.draw();
        lane->replay_bytes_max = replay_bytes[env.dice(3)];
        lane->resume_timeout = 60s;
    }
    if (env.one_in(3))
        settings.server.streams_max = 16;  // opens wait for grants
    if (env.one_in(3))
        settings.budget_bytes = 2 * 1024 * 1024;  // memory is short all the time
    break_now_and_then(env, settings.breaks);
    auto plans = random_plans(env, streams, 6s);
    if (std::min(settings.client.replay_bytes_max, settings.server.replay_bytes_max) < 65'536)
        for (auto& p : plans)
            slow_down(p);
    world w(env, settings, std::move(plans));
    for (auto* const end : {&w.client, &w.server}) {
        end->batch_bytes = 1'000 + env.dice(60'000);
        end->lane.set_chunk_bytes(1'024 + env.dice(60'000));
    }
    w.run([&] { return w.all_over(); }, 1h);
    w.settle();
    w.check_outcome();
    BOOST_TEST(!w.links.ended());
    BOOST_TEST(w.server.lane.counters().resumes == std::uint64_t(w.links.counters().taken));
    sum.breaks += w.links.counters().breaks;
    sum.attempts += w.links.counters().attempts;
    sum.taken += w.links.counters().taken;
    sum.refused += w.links.counters().refused;
    return std::move(env.log);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(breaking_links)

BOOST_AUTO_TEST_CASE(links_may_break_at_any_time_as_often_as_they_like)
{
    carrier_counters sum;
    const auto seeds = seed_count(25);
    for (int seed = 1; seed <= seeds; ++seed)
        BOOST_TEST_CONTEXT("seed " << seed)
        {
            (void)run_broken(static_cast<std::uint32_t>(seed), 25, sum);
        }
    BOOST_TEST_MESSAGE(
        seeds << " seeds: " << sum.breaks << " breaks, " << sum.attempts << " attempts, "
              << sum.taken << " taken, " << sum.refused << " refused"
    );
    BOOST_TEST(sum.taken > 0);
    BOOST_TEST(sum.refused > 0);  // the epochs were needed
}

BOOST_DATA_TEST_CASE(one_seed_gives_one_log, data::xrange(200, 202), seed)
{
    carrier_counters sum;
    const auto first = run_broken(static_cast<std::uint32_t>(seed), 10, sum);
    BOOST_TEST(first.size() > 5'000U);
    BOOST_TEST((first == run_broken(static_cast<std::uint32_t>(seed), 10, sum)));
}

BOOST_AUTO_TEST_SUITE_END()
