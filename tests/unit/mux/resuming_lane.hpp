#pragma once

#include <boost/test/unit_test.hpp>

#include <vector>

#include "stream_scenes.hpp"
#include "timed_lane.hpp"

namespace mux_test {

inline mux::lane_settings keeping(side role = side::connecting, std::uint64_t replay = 1 << 20)
{
    mux::lane_settings s;
    s.role = role;
    s.replay_bytes_max = replay;
    s.resume_timeout = 60s;
    return s;
}

/// A lane both of whose sides keep what they sent, and whose link comes and goes.
class resuming_lane : public scripted_lane {
public:
    explicit resuming_lane(
        const mux::lane_settings& s = keeping(), std::size_t budget_bytes = 64 * 1024 * 1024
    )
        : scripted_lane(s, budget_bytes)
    {
        peer.role = s.role == side::connecting ? side::accepting : side::connecting;
        peer.streams_max = 1'000;
        peer.replay_bytes_max = 1 << 20;
        peer.resume_timeout_s = 300;
        greet(peer);
    }

    void lose()
    {
        BOOST_TEST_REQUIRE(lane.resumable());
        lane.detach();
        BOOST_TEST(!lane.ready());
        BOOST_TEST(!lane.wants_to_send());
        BOOST_TEST(sent_all().empty());
    }

    /// Connecting: our HELLO on another link.
    void dial()
    {
        mux::hello h;
        h.attach = mux::attach{};
        h.attach->mode = mux::attach_mode::resume;
        h.attach->recv_seq = lane.recv_seq();
        lane.send_hello(h);
        BOOST_TEST_REQUIRE(
            sent_all() == "HELLO resume recv_seq=" + std::to_string(lane.recv_seq())
        );
    }
    /// Connecting: the peer answers that it has everything below `recv_seq`.
    std::string answer(std::optional<std::uint64_t> recv_seq)
    {
        auto h = peer;
        h.recv_seq = recv_seq;
        h.next_seq = lane.recv_seq() + peer_replays;
        return receive(hello_frame(h));
    }
    /// Accepting: the peer's HELLO came over another link.
    bool handle_peer(std::uint64_t recv_seq)
    {
        auto h = peer;
        h.attach = mux::attach{};
        h.attach->mode = mux::attach_mode::resume;
        h.attach->recv_seq = recv_seq;
        h.next_seq = lane.recv_seq() + peer_replays;
        if (!lane.resume(h, recv_seq, now))
            return false;
        lane.send_hello({});
        return true;
    }
    /// What is sent on the next link when the peer has everything below `recv_seq`, without our
    /// HELLO and the first PING.
    std::string resume(std::uint64_t recv_seq)
    {
        if (settings.role == side::connecting) {
            dial();
            BOOST_TEST_REQUIRE(answer(recv_seq) == "ready");
            return sent();
        }
        BOOST_TEST_REQUIRE(handle_peer(recv_seq));
        const auto hello = "HELLO recv_seq=" + std::to_string(lane.recv_seq());
        const auto words = sent();
        BOOST_TEST_REQUIRE(words.starts_with(hello));
        return words.size() == hello.size() ? "" : words.substr(hello.size() + 2);
    }

    /// A part of what the peer sent on a link that breaks there.
    std::string receive_part(byte_view octets)
    {
        std::string words;
        while (const auto event = lane.handle_octets(octets, now).value())
            words += (words.empty() ? "" : "; ") + describe(*event);
        return words;
    }

    mux::hello peer;
    std::uint64_t peer_replays = 0;  ///< frames of the peer that were lost
};

/// Stream 1 is open and three frames of data are sent: numbers 1 to 3, behind OPEN.
inline void send_three(resuming_lane& l)
{
    enter_open(l);
    l.supply(1, 40'000);
    BOOST_TEST_REQUIRE(l.sent() == "DATA 1 16384; DATA 1 16384; DATA 1 7232");
}

/// The words of `frames` from `first` on, as sent() joins them.
inline std::string words_from(const std::vector<std::string>& frames, std::size_t first)
{
    std::string words;
    for (auto i = first; i < frames.size(); ++i)
        words += (words.empty() ? "" : "; ") + frames[i];
    return words;
}

}  // namespace mux_test
