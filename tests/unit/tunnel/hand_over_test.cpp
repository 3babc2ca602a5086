// A link whose HELLO asks for a lane of another driver.
#include <boost/asio/write.hpp>

#include "link_pair.hpp"

using namespace tunnel_test;

namespace {

/// HELLO, and behind it an OPEN if wanted, in one masked message.
octets first_message(bool with_open)
{
    octets whole(ws::header_octets_max);
    mux::hello h;
    h.attach = mux::attach{.mode = mux::attach_mode::resume};
    mux::append_hello(whole, h);
    if (with_open) {
        mux::open_frame request;
        request.destination = *parse_target("target.example:80");
        mux::append_open(whole, mux::stream_id{1}, request, false);
    }
    const mutable_bytes all(whole);
    const auto head = ws::frame_in_place(
        all.first<ws::header_octets_max>(), all.subspan(ws::header_octets_max), ws::mask_key{}
    );
    return {whole.begin() + static_cast<std::ptrdiff_t>(ws::header_octets_max - head), whole.end()};
}

struct handing_over {
    link_pair world{false};
    recording_owner owner;
    bool taken = false;
    std::shared_ptr<tunnel::lane_driver> driver;
    tcp::socket near{world.context};

    explicit handing_over(const octets& message)
    {
        auto [mine, far] = socket_pair(world.context);
        near = std::move(mine);
        owner.hello = [this](tunnel::lane_driver& d) {
            d.hand_over([this](transport::link link) { taken = link.socket.is_open(); });
        };
        owner.opened = [](tunnel::lane_driver&, local_stream::pointer, mux::open_frame) {
            BOOST_ERROR("a stream on a link that is another's");
        };
        driver = world.make(std::move(far), mux::side::accepting, owner);
        driver->start();
        asio::write(near, asio::buffer(message));
    }
    ~handing_over() { driver->abandon(); }
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_link_for_another_driver_is_handed_over)
{
    handing_over scene(first_message(false));
    scene.world.run_until([&] { return scene.taken; });
    BOOST_TEST(!scene.owner.lost);
}

BOOST_AUTO_TEST_CASE(frames_before_the_answer_to_a_resume_end_the_link)
{
    handing_over scene(first_message(true));
    scene.world.run_until([&] { return scene.owner.lost; });
    BOOST_TEST(!scene.taken);
}
