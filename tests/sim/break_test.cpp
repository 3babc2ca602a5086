#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "world.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace sim;

/// One stream of every kind, small: a run of a few thousand octets each way.
std::vector<stream_plan> small_plans(bool with_unread)
{
    const auto made = [](std::uint64_t up, std::uint64_t down) {
        stream_plan p;
        p.up_bytes = up;
        p.down_bytes = down;
        p.dial_time = 3ms;
        return p;
    };
    std::vector<stream_plan> plans = {
        made(220, 300),
        made(40, 400),
        made(0, 0),
        made(30, 0),
        made(90, 50),
        made(50, 120),
        made(0, 250),
        made(250, 0),
        made(60, 60),
    };
    plans[0].early_bytes = 50;
    plans[1].server_waits_for_end = true;
    plans[3].end = ending::refused;
    plans[3].early_bytes = 30;
    plans[4].end = ending::client_resets;
    plans[4].reset_after_bytes = 45;
    plans[5].end = ending::server_resets;
    plans[5].reset_after_bytes = 60;
    plans[6].client_reads_bytes_per_us = 0.05;
    plans[7].server_reads_bytes_per_us = 0.05;
    plans[8].early_bytes = 60;
    plans[8].server_waits_for_end = true;
    if (with_unread) {
        plans.push_back(made(100, 40'000));
        plans.back().client_reads_bytes_per_us = 0;
    }
    for (std::size_t i = 0; i < plans.size(); ++i)
        plans[i].opens_at = i * 4ms;
    return plans;
}

world_settings small_world(const std::optional<octet_cut>& cut)
{
    world_settings s;
    for (auto* const lane : {&s.client, &s.server}) {
        lane->replay_bytes_max = 4'096;
        lane->resume_timeout = 60s;
        lane->first_window_bytes = mux::window_bytes_floor;
    }
    for (auto* const direction : {&s.up, &s.down})
        direction->piece_bytes_max = 400;
    s.breaks.first_link = cut;
    s.breaks.notice_max = 40ms;
    s.breaks.dial_max = 30ms;
    return s;
}

struct arrived {
    std::uint64_t up = 0, down = 0;
};

/// Octets of both directions until both ends are ready, and in all.
struct run_length {
    arrived at_start, whole;
};

run_length length_without_cuts(bool with_unread)
{
    environment env(1);
    world w(env, small_world({}), small_plans(with_unread));
    const auto now = [&] {
        return arrived{w.links.newest().up.arrived_bytes(), w.links.newest().down.arrived_bytes()};
    };
    run_length length;
    w.run([&] { return w.client.lane.ready(); }, 1min);
    length.at_start = now();
    w.run([&] { return w.all_over(); }, 1min);
    w.run_for(1s);
    length.whole = now();
    w.settle();
    w.check_outcome();
    BOOST_TEST(w.links.counters().breaks == 0);
    return length;
}

void cut_everywhere(bool with_unread, std::uint64_t step)
{
    const auto length = length_without_cuts(with_unread);
    carrier_counters sum;
    for (const bool up : {true, false}) {
        const auto all = up ? length.whole.up : length.whole.down;
        const auto start = up ? length.at_start.up : length.at_start.down;
        for (std::uint64_t at = 0; at <= all; at += step)
            BOOST_TEST_CONTEXT((up ? "up" : "down") << " is cut behind octet " << at)
            {
                environment env(1);
                env.keeps_log = false;
                world w(env, small_world(octet_cut{up, at}), small_plans(with_unread));
                w.run([&] { return w.all_over(); }, 5min);
                if (w.links.ended()) {
                    BOOST_TEST(at <= start);
                    continue;
                }
                w.settle();
                w.check_outcome();
                BOOST_TEST(w.links.counters().breaks == 1);
                sum.breaks += w.links.counters().breaks;
                sum.attempts += w.links.counters().attempts;
                sum.refused += w.links.counters().refused;
            }
    }
    BOOST_TEST_MESSAGE(
        length.whole.up << " octets up, " << length.whole.down << " down; " << sum.breaks
                        << " cuts, " << sum.attempts << " attempts, " << sum.refused << " refused"
    );
    BOOST_TEST(
        static_cast<std::uint64_t>(sum.breaks) * step >=
        length.whole.up + length.whole.down - length.at_start.up - length.at_start.down
    );
}

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

BOOST_AUTO_TEST_CASE(a_link_may_break_behind_every_octet) { cut_everywhere(false, 1); }

// The one that is never read fills its window: five times as many octets.
BOOST_AUTO_TEST_CASE(a_link_may_break_while_a_stream_is_not_read)
{
    cut_everywhere(true, seed_count(0) > 0 ? 1 : 101);
}

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
