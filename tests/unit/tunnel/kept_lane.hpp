#pragma once

#include <boost/asio/write.hpp>

#include "link_pair.hpp"

namespace tunnel_test {

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
        mux::hello h;
        h.replay_bytes_max = 1 << 20;
        h.resume_timeout_s = 60;
        octets frames;
        mux::append_hello(frames, h);
        send(frames);
        world.run_until([&] { return owner.hello_seen; });
    }
    /// What the peer says next, in one message.
    void send(const octets& frames)
    {
        octets whole(ws::header_octets_max);
        whole.insert(whole.end(), frames.begin(), frames.end());
        const mutable_bytes all(whole);
        const auto head = ws::frame_in_place(
            all.first<ws::header_octets_max>(), all.subspan(ws::header_octets_max), ws::mask_key{}
        );
        asio::write(peer, asio::buffer(whole) + (ws::header_octets_max - head));
    }
    ~kept_lane() { driver->abandon(); }
};

}  // namespace tunnel_test
