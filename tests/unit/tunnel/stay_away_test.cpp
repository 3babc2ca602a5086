// What the gateway makes of the server's WebSocket close codes.
#include <penstock/tunnel/stay_away.hpp>

#include <array>

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
