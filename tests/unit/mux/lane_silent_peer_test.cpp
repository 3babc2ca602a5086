// A peer that says nothing for a while, and then is back.
#include <boost/test/unit_test.hpp>

#include "resuming_lane.hpp"

namespace {

using namespace mux_test;

/// What a peer has of stream 1, which it opened as the first frame.
struct arrived {
    std::size_t bytes = 0;
    std::uint64_t frames = 1;
    bool fin = false;

    void add(const std::string& words)
    {
        constexpr std::string_view data = "DATA 1 ";
        for (auto at = words.find(data); at != words.npos; at = words.find(data, at + 1)) {
            bytes += std::stoul(words.substr(at + data.size()));
            ++frames;
        }
        fin = words.ends_with(" fin");
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(silent_peers)

// Where a link may be silent for longer than an ACK may take.
BOOST_AUTO_TEST_CASE(silence_is_not_taken_for_a_peer_that_does_not_acknowledge)
{
    for (const auto heard_after : {0s, 10s, 14s}) {
        mux::lane_settings patient;
        patient.link_timeout = 2min;
        scripted_lane l(patient);
        open_stream(l);
        l.supply(1, 10);
        BOOST_TEST(l.sent() == "DATA 1 10");
        BOOST_TEST(l.wait(heard_after).empty());
        BOOST_TEST(l.receive(raw_frame(0x4f, 0, {})).empty());
        BOOST_TEST(l.wait(110s).empty());
        // The ACK need not be what comes first.
        BOOST_TEST(l.receive(raw_frame(0x4f, 0, {})).empty());
        BOOST_TEST(l.wait(1s).empty());
        BOOST_TEST(!l.lane.failed());
        l.lane.handle_sign_of_life(l.now);
        BOOST_TEST(l.wait(10s).empty());
        BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
        BOOST_TEST(l.wait_with_living_peer(1min).empty());
        BOOST_TEST(!l.lane.failed());
    }
}

// The peer is silent, once for less than a link may be, once for longer, and comes back.
BOOST_AUTO_TEST_CASE(a_full_log_waits_for_a_silent_peer_and_loses_nothing)
{
    for (const mux::clock::duration link_timeout : {60s, 8s}) {
        auto settings = keeping(side::connecting, 300'000);
        settings.link_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(link_timeout);
        resuming_lane l(settings);
        BOOST_TEST_REQUIRE(l.open() == 1U);
        (void)l.sent();
        BOOST_TEST_REQUIRE(l.receive(open_ok_frame(1, 50'000'000)) == "opened 1");
        l.supply(1, 2'000'000, true);
        const auto first = l.sent();
        const auto full = l.lease.used_bytes();
        BOOST_TEST((full >= 300'000U && full <= 300'000U + 2 * mux::replay_log::block_bytes));
        arrived at_peer;
        if (link_timeout > 40s) {
            for (int s = 0; s < 40; ++s) {
                BOOST_TEST(l.wait(1s).empty());
                BOOST_TEST(l.sent().empty());
            }
            at_peer.add(first);
        } else {
            BOOST_TEST(l.wait(40s) == "lost");
            l.lose();
            BOOST_TEST(l.wait(32s).empty());
            BOOST_TEST(l.lease.used_bytes() <= full);
            at_peer.add(l.resume(1));
        }
        BOOST_TEST(l.lease.used_bytes() <= full);
        for (int turn = 0; turn < 100 && !at_peer.fin; ++turn) {
            BOOST_TEST(l.receive(u64_frame(frame_type::ack, at_peer.frames)).empty());
            at_peer.add(l.sent());
        }
        BOOST_TEST(at_peer.bytes == 2'000'000U);
        BOOST_TEST(at_peer.fin);
        BOOST_TEST(!l.lane.failed());
    }
}

BOOST_AUTO_TEST_SUITE_END()
