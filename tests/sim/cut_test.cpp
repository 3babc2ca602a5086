// One bounded run, and the same run with its link cut behind every octet of it.
#include <boost/test/unit_test.hpp>

#include "world.hpp"

namespace {

using namespace sim;

using stream_plans = std::vector<stream_plan>;

stream_plan made(std::uint64_t up, std::uint64_t down)
{
    stream_plan p;
    p.up_bytes = up;
    p.down_bytes = down;
    p.dial_time = 3ms;
    return p;
}

/// One stream of every kind, small: a run of a few thousand octets each way.
stream_plans small_plans()
{
    stream_plans plans = {
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
    for (std::size_t i = 0; i < plans.size(); ++i)
        plans[i].opens_at = i * 4ms;
    return plans;
}

/// The same beside one that is never read: it fills its window.
stream_plans plans_with_an_unread_one()
{
    auto plans = small_plans();
    plans.push_back(made(100, 40'000));
    plans.back().client_reads_bytes_per_us = 0;
    return plans;
}

/// A RESET and octets that were sent before it was seen are on their ways at the same time.
stream_plans plans_reset_in_full_flow()
{
    stream_plans plans = {made(40'000, 40'000), made(40'000, 40'000)};
    plans[0].end = ending::client_resets;
    plans[1].end = ending::server_resets;
    plans[0].reset_after_bytes = plans[1].reset_after_bytes = 15'000;
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

run_length length_without_cuts(const stream_plans& plans)
{
    environment env(1);
    world w(env, small_world({}), plans);
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

void cut_everywhere(const stream_plans& plans, std::uint64_t step)
{
    const auto length = length_without_cuts(plans);
    carrier_counters sum;
    for (const bool up : {true, false}) {
        const auto all = up ? length.whole.up : length.whole.down;
        const auto start = up ? length.at_start.up : length.at_start.down;
        for (std::uint64_t at = 0; at <= all; at += step)
            BOOST_TEST_CONTEXT((up ? "up" : "down") << " is cut behind octet " << at)
            {
                environment env(1);
                env.keeps_log = false;
                world w(env, small_world(octet_cut{up, at}), plans);
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
        static_cast<std::uint64_t>(sum.breaks + 2) * step >=
        length.whole.up + length.whole.down - length.at_start.up - length.at_start.down
    );
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cutting_links)

BOOST_AUTO_TEST_CASE(a_link_may_break_behind_every_octet) { cut_everywhere(small_plans(), 1); }

// Runs of ten times as many octets, thinned out unless the full set is wanted.
BOOST_AUTO_TEST_CASE(a_link_may_break_while_a_stream_is_not_read)
{
    cut_everywhere(plans_with_an_unread_one(), seed_count(0) > 0 ? 1 : 307);
}

BOOST_AUTO_TEST_CASE(a_link_may_break_while_streams_are_reset)
{
    cut_everywhere(plans_reset_in_full_flow(), seed_count(0) > 0 ? 1 : 307);
}

BOOST_AUTO_TEST_SUITE_END()
