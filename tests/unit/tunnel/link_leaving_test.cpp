// A peer takes a link away, not the lane on it.
#include "kept_lane.hpp"

using namespace tunnel_test;

BOOST_AUTO_TEST_CASE(a_link_that_is_to_go_away_wants_another_whatever_it_still_says)
{
    kept_lane scene;
    octets frames;
    mux::append_u32(frames, mux::frame_type::link_drain, mux::stream_id{}, 5'000);
    scene.send(frames);
    scene.world.run_until([&] { return !scene.owner.suspected.empty(); });
    BOOST_TEST(scene.owner.suspected == "the peer says that this link goes away");
    BOOST_TEST(scene.driver->suspect());
    BOOST_TEST(!scene.owner.draining);

    octets ping;
    mux::append_u64(ping, mux::frame_type::ping, mux::stream_id{}, 7);
    scene.send(ping);
    const auto received = [&] { return scene.driver->lane().counters().received_bytes; };
    const auto before = received();
    scene.world.run_until([&] { return received() > before; });
    BOOST_TEST(scene.driver->suspect());
    BOOST_TEST(scene.driver->linked());
}
