#include "world.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

namespace sim {

using penstock::failure;

world::world(environment& e, const world_settings& s, std::vector<stream_plan> p)
    : env(e), plans(std::move(p)), client(e, 'C', s.client, s.budget_bytes, plans),
      server(e, 'S', s.server, s.budget_bytes, plans),
      links(e, s.up, s.down, s.breaks, client, server)
{
}

time_point world::next_at() const
{
    return std::min({client.next_at(), server.next_at(), links.next_at()});
}

void world::step()
{
    links.deliver();
    client.run();
    server.run();
    links.look_after();
    if (client.lane.failed() || server.lane.failed())
        BOOST_FAIL(
            "a lane ended: " << env.log.substr(
                env.log.size() - std::min<std::size_t>(env.log.size(), 500)
            )
        );
}

void world::run(const std::function<bool()>& done, microseconds limit)
{
    const auto end = env.now + limit;
    for (int still = 0; !done();) {
        step();
        const auto next = next_at();
        if (next == time_point::max())
            BOOST_FAIL("nothing will ever happen again");
        still = next > env.now ? 0 : still + 1;
        if (still > 10'000)
            BOOST_FAIL("the clock does not move");
        env.now = std::max(env.now, next);
        if (env.now >= end)
            BOOST_FAIL("it does not end");
    }
}

void world::run_for(microseconds how_long)
{
    const auto end = env.now + how_long;
    run([&] { return next_at() >= end; }, how_long + 1h);
    env.now = end;
}

void world::settle()
{
    links.be_calm();
    // A loss that nobody saw is found by the next PING, and the heartbeat behind that one gives
    // spare memory back.
    run_for(90s);
}

bool world::all_over() const
{
    if (links.ended())
        return true;
    for (std::size_t i = 0; i < plans.size(); ++i) {
        if (plans[i].never_ends())
            continue;
        const auto* const c = client.end_of(i);
        const auto* const s = server.end_of(i);
        if (c == nullptr || !c->over || (s != nullptr && !s->over))
            return false;
    }
    return true;
}

void world::check_stream(std::size_t i) const
{
    const auto& plan = plans[i];
    const auto& c = *client.end_of(i);
    const auto* const s = server.end_of(i);
    BOOST_TEST_CONTEXT("stream " << i)
    switch (plan.end) {
    case ending::both_finish:
        if (plan.never_ends()) {
            // It holds what its first window granted, no more, and its neighbours never noticed.
            BOOST_TEST(c.unread <= mux::window_bytes_learned_max);
            // The last 1,023 octets of credit are not worth a frame.
            BOOST_TEST(c.unread + 1'023 >= mux::window_bytes_floor);
            break;
        }
        BOOST_TEST_REQUIRE(s != nullptr);
        BOOST_TEST((c.why == failure::none && s->why == failure::none));
        BOOST_TEST(c.received == plan.down_bytes);
        BOOST_TEST(s->received == plan.up_bytes);
        break;
    case ending::refused:
        BOOST_TEST((c.why == failure::connection_refused));
        break;
    case ending::client_resets:
        BOOST_TEST((c.why == failure::target_reset));
        BOOST_TEST((s == nullptr || s->why == failure::target_reset));
        break;
    case ending::server_resets:
        BOOST_TEST_REQUIRE(s != nullptr);
        BOOST_TEST((c.why == failure::target_reset && s->why == failure::target_reset));
        break;
    }
}

void world::check_outcome()
{
    for (std::size_t i = 0; i < plans.size(); ++i)
        check_stream(i);
    for (std::size_t i = 0; i < plans.size(); ++i)
        if (plans[i].never_ends())
            client.reset(i, failure::idle_timeout);
    run_for(5s);
    for (const auto* const end : {&client, &server}) {
        BOOST_TEST(end->lane.stream_count() == 0U);
        BOOST_TEST(end->lane.buffered_bytes() == 0U);
        BOOST_TEST(end->budget.receiving_streams() == 0U);
    }
    // A log's last frame may be a grant that went with a heartbeat; its spare blocks go with one
    // behind which nothing moved.
    if (client.lane.resumable())
        run_for(40s);
    for (const auto* const end : {&client, &server}) {
        BOOST_TEST(end->lane.replay_bytes() == 0U);
        BOOST_TEST(end->lease.used_bytes() == 0U);
    }
}

}  // namespace sim
