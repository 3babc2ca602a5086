// What the gateway makes of the server's WebSocket close codes.
#include <penstock/tunnel/stay_away.hpp>

#include <array>
#include <set>

#include "link_pair.hpp"

using namespace tunnel_test;
using namespace std::chrono_literals;
using tunnel::after_close;

BOOST_AUTO_TEST_SUITE(close_codes)

BOOST_AUTO_TEST_CASE(a_restart_spreads_the_gateways_over_five_seconds)
{
    BOOST_TEST((after_close(1012, false).most == 5s));
    BOOST_TEST((after_close(1012, false).least == 0s));
    BOOST_TEST((after_close(1001, false).most < after_close(1012, false).most));
}

BOOST_AUTO_TEST_CASE(an_overloaded_server_is_left_alone_for_longer_also_by_requests)
{
    BOOST_TEST((after_close(1013, false).least >= after_close(1012, false).most));
    BOOST_TEST(!after_close(1013, false).until_wanted);
    BOOST_TEST(!after_close(1013, true).until_wanted);
    BOOST_TEST(after_close(1012, false).until_wanted);
    BOOST_TEST(!after_close(1000, false).until_wanted);  // a link that does not hold
}

BOOST_AUTO_TEST_CASE(streams_that_wait_wait_less)
{
    for (const auto code : std::array<std::uint16_t, 3>{1001, 1012, 1013})
        BOOST_TEST((after_close(code, true).most < after_close(code, false).most));
    BOOST_TEST((after_close(1001, true).most == 0s));
}

BOOST_AUTO_TEST_CASE(other_codes_ask_for_nothing)
{
    for (const auto code : std::array<std::uint16_t, 6>{0, 1000, 1005, 1011, 1014, 4000})
        BOOST_TEST((after_close(code, false).most == 0s));
}

BOOST_AUTO_TEST_CASE(a_wait_is_drawn_anew_within_its_bounds)
{
    tunnel::asked_wait asked(1);
    std::set<std::int64_t> drawn;
    for (int i = 0; i < 100; ++i) {
        asked.ask(after_close(1013, true));
        BOOST_TEST((asked.value() >= 1s && asked.value() <= 5s));
        drawn.insert(asked.value().count());
    }
    BOOST_TEST(drawn.size() > 50u);
}

BOOST_AUTO_TEST_CASE(a_request_ends_a_wait_for_the_sake_of_others_only)
{
    tunnel::asked_wait asked(1);
    asked.ask({.least = 1s, .most = 1s, .until_wanted = false});
    BOOST_TEST(!asked.hurry());
    BOOST_TEST(asked.any());
    asked.ask({.least = 1s, .most = 1s, .until_wanted = true});
    BOOST_TEST(asked.hurry());
    BOOST_TEST(!asked.any());
    BOOST_TEST(!asked.hurry());
    asked.ask(1s);  // in so many words, as by Retry-After
    BOOST_TEST(!asked.hurry());
}

BOOST_AUTO_TEST_CASE(a_lane_that_leaves_says_so_in_its_close_code)
{
    for (const auto code : {ws::close_code::going_away, ws::close_code::service_restart}) {
        link_pair pair;
        pair.server->set_farewell(code);
        pair.server->close("bye");
        pair.run_until([&] { return pair.client_owner.lost; });
        BOOST_TEST(pair.client_owner.close_code == static_cast<std::uint16_t>(code));
        BOOST_TEST(pair.client_owner.lost_clean);
    }
}

BOOST_AUTO_TEST_CASE(a_lane_that_is_closed_on_purpose_says_so)
{
    link_pair pair;
    pair.server->close("bye");
    pair.run_until([&] { return pair.client_owner.lost; });
    BOOST_TEST(pair.client_owner.close_code == 1000);
}

BOOST_AUTO_TEST_SUITE_END()
