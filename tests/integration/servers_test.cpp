// Better links are found in time: before a silent one is given up, and at another server.
#include <ctime>

#include "breaking_relay.hpp"
#include "world.hpp"

using namespace integration;
using std::chrono::milliseconds;

namespace {

/// A gateway with two servers, each behind a network of its own.
struct two_servers {
    two_servers()
        : first(w.server_settings()), second(w.server_settings()), to_first(port_of(first)),
          to_second(port_of(second)), near(settings())
    {
        first.start();
        second.start();
        near.start();
    }
    [[nodiscard]] gateway::settings settings() const
    {
        auto out = w.gateway_settings(to_first.port());
        out.servers.push_back(w.gateway_settings(to_second.port()).servers.front());
        out.tunnel.backoff_max = milliseconds(200);
        out.leave_server_after = milliseconds(200);
        out.return_after = milliseconds(200);
        return out;
    }
    void break_first()
    {
        to_first.refuse(true);
        to_first.cut();
    }

    world w;
    server::server first, second;
    breaking_relay to_first, to_second;
    gateway::gateway near;
    target_server target{echo};
};

/// Waits for what must come; the test's own time-out ends a wait in vain.
template <class Condition>
void wait_until(Condition holds)
{
    while (!holds())
        std::this_thread::sleep_for(milliseconds(5));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_silent_link_is_replaced_before_it_is_given_up)
{
    const world w;
    server::server far(w.server_settings());
    breaking_relay network(port_of(far));
    auto settings = w.gateway_settings(network.port());
    settings.tunnel.suspect_after = milliseconds(100);
    settings.tunnel.link_timeout = std::chrono::hours(1);
    gateway::gateway near(std::move(settings));
    far.start();
    near.start();
    target_server target(echo);
    socks_client client(port_of(near), target.port());
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(client.ask("before") == "before");
        BOOST_TEST(network.silence() == 1U);
        BOOST_TEST(client.ask("after") == "after");
    }
}

BOOST_AUTO_TEST_CASE(the_next_server_takes_new_streams_while_those_of_the_first_wait_for_it)
{
    two_servers both;
    socks_client old(port_of(both.near), both.target.port());
    BOOST_TEST(old.ask("before") == "before");
    BOOST_TEST(both.to_second.links() == 0U);

    both.break_first();
    socks_client newer(port_of(both.near), both.target.port());
    BOOST_TEST(newer.ask("elsewhere") == "elsewhere");
    BOOST_TEST(both.to_second.links() == 1U);

    both.to_first.refuse(false);
    BOOST_TEST(old.ask("carried on") == "carried on");
    BOOST_TEST(newer.ask("still there") == "still there");
}

BOOST_AUTO_TEST_CASE(a_preferred_server_that_is_back_is_used_again)
{
    two_servers both;
    both.break_first();
    {
        socks_client client(port_of(both.near), both.target.port());
        BOOST_TEST(client.ask("second") == "second");
        both.to_first.refuse(false);
        wait_until([&] { return both.to_first.links() == 1; });
        BOOST_TEST(client.ask("second still") == "second still");
        BOOST_TEST(both.to_second.links() == 1U);
    }
    // Its last stream has ended, so the link to the second has no use.
    wait_until([&] { return both.to_second.links() == 0; });
    socks_client client(port_of(both.near), both.target.port());
    BOOST_TEST(client.ask("first") == "first");
    BOOST_TEST(both.to_second.links() == 0U);
}

BOOST_AUTO_TEST_CASE(whichever_server_comes_back_first_is_used)
{
    two_servers both;
    socks_client old(port_of(both.near), both.target.port());
    BOOST_TEST(old.reply == 0);
    both.break_first();
    both.to_second.refuse(true);
    std::this_thread::sleep_for(milliseconds(500));
    both.to_second.refuse(false);
    socks_client client(port_of(both.near), both.target.port());
    BOOST_TEST(client.ask("second") == "second");
    both.to_first.refuse(false);
    BOOST_TEST(old.ask("first") == "first");
}

BOOST_AUTO_TEST_CASE(a_server_that_is_back_before_another_was_found_is_the_choice_again)
{
    const world w;
    server::server far(w.server_settings());
    breaking_relay network(port_of(far)), nowhere(port_of(far)), nowhere_else(port_of(far));
    nowhere.refuse(true);
    nowhere_else.refuse(true);
    auto settings = w.gateway_settings(network.port());
    for (const auto* other : {&nowhere, &nowhere_else})
        settings.servers.push_back(w.gateway_settings(other->port()).servers.front());
    settings.leave_server_after = settings.return_after = milliseconds(100);
    gateway::gateway near(std::move(settings));
    far.start();
    near.start();
    target_server target(echo);
    socks_client client(port_of(near), target.port());
    for (int outages = 0; outages < 8; ++outages) {
        network.refuse(true);
        network.cut();
        std::this_thread::sleep_for(milliseconds(130));
        network.refuse(false);
        BOOST_TEST(client.ask("carried on") == "carried on");
        // The look at a preferred server is due now and then, and not all the time.
        std::this_thread::sleep_for(milliseconds(250));
        const auto before = std::clock();
        std::this_thread::sleep_for(milliseconds(200));
        BOOST_TEST(std::clock() - before < CLOCKS_PER_SEC / 10);
    }
}
