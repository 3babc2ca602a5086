// What breaks the WebSocket between the two ends breaks the link, not the lane on it.
#include <boost/asio/write.hpp>

#include "link_pair.hpp"

using namespace tunnel_test;

namespace {

/// The server's end of a link whose other end is the test, with a lane that both would keep.
struct kept_lane {
    link_pair world{false};
    recording_owner owner;
    std::shared_ptr<tunnel::lane_driver> driver;
    tcp::socket peer{world.context};

    kept_lane()
    {
        world.replay_bytes_max = 1 << 20;
        auto [mine, far] = socket_pair(world.context);
        peer = std::move(mine);
        owner.hello = [](tunnel::lane_driver& d) {
            mux::hello h;
            h.role = mux::side::accepting;
            d.send_hello(h);
        };
        driver = world.make(std::move(far), mux::side::accepting, owner);
        driver->start();
        octets whole(ws::header_octets_max);
        mux::hello h;
        h.replay_bytes_max = 1 << 20;
        h.resume_timeout_s = 60;
        mux::append_hello(whole, h);
        const mutable_bytes all(whole);
        const auto head = ws::frame_in_place(
            all.first<ws::header_octets_max>(), all.subspan(ws::header_octets_max), ws::mask_key{}
        );
        asio::write(peer, asio::buffer(whole) + (ws::header_octets_max - head));
        world.run_until([&] { return owner.hello_seen; });
    }
    ~kept_lane() { driver->abandon(); }
};

}  // namespace

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
