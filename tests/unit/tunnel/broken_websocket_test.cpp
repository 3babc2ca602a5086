// What breaks the WebSocket between the two ends breaks the link, not the lane on it.
#include "kept_lane.hpp"

using namespace tunnel_test;

// As Caddy 2.6 does when it is reloaded: it puts a close frame without a mask into what comes from
// the gateway.
BOOST_AUTO_TEST_CASE(a_proxy_that_breaks_the_websocket_ends_the_link_and_not_the_lane)
{
    for (const std::string_view rubbish : {"\x88\x02\x03\xe9", "GET / HTTP/1.1\r\n\r\n"}) {
        kept_lane scene;
        asio::write(scene.peer, asio::buffer(rubbish));
        scene.world.run_until([&] { return scene.owner.detached || scene.owner.lost; });
        BOOST_TEST(scene.owner.detached);
        BOOST_TEST(!scene.owner.lost);
        BOOST_TEST(scene.driver->lane().resumable());
        BOOST_TEST(scene.owner.lost_why.find("WebSocket") != std::string::npos);
    }
}
