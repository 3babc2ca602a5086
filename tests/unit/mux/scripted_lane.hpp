#pragma once

#include <penstock/mux/lane.hpp>

#include <map>
#include <string>

#include "../../support/mux/describe.hpp"

namespace mux_test {

using namespace penstock;
using namespace std::chrono_literals;
using mux::flag_abort;
using mux::flag_fin;
using mux::flag_stop;
using mux::frame_type;
using mux::side;

/// One lane whose peer is the test: frames go in, words come out.
class scripted_lane {
public:
    explicit scripted_lane(mux::lane_settings s = {}, std::size_t budget_bytes = 64 * 1024 * 1024);

    /// Exchanges HELLO; what the lane says in it is swallowed.
    void greet(mux::hello peer = {});

    /// Events, joined by "; ", or "error N: text". Early data and data are consumed at once if
    /// `reads` says so.
    std::string receive(const octets& frames);
    /// Everything that can be sent now, joined by "; ", without ACK, PING and PONG.
    std::string sent() { return describe_message(take_message(), true); }
    /// The same with them.
    std::string sent_all() { return describe_message(take_message(), false); }
    octets take_message();

    /// Moves the clock and lets every deadline on the way come to pass: events, or "lost".
    std::string wait(mux::clock::duration how_long);
    /// The same, answering each PING and acknowledging everything at once.
    std::string wait_with_living_peer(mux::clock::duration how_long);

    std::uint32_t open(std::string_view where = "example.org:80");
    void accept(std::uint32_t id);
    /// The source of `id` has this much more; `fin`: and then ends.
    void supply(std::uint32_t id, std::size_t bytes, bool fin = false);
    void consume(std::uint32_t id, std::size_t bytes) { lane.consumed(id_of(id), bytes, now); }

    static mux::stream_id id_of(std::uint32_t id) { return mux::stream_id{id}; }

    mux::lane_settings settings;
    memory_budget whole;
    budget_lease lease{whole};
    mux::time_point now{1'000s};
    mux::lane lane;
    std::size_t piece_bytes = 1 << 20;   ///< in which frames arrive
    std::size_t replay_bytes = 1 << 20;  ///< sent again at a time
    bool reads = false;                  ///< data is consumed as it comes

private:
    struct source {
        std::size_t left = 0;
        bool fin = false;
    };
    std::string note(std::string& words, const mux::event& event);
    void count(byte_view frames);

    std::map<std::uint32_t, source> sources_;
    std::uint64_t counted_ = 0;  ///< sequenced frames the lane has sent
    std::uint64_t acked_ = 0;
    std::optional<std::uint64_t> unanswered_ping_;
};

// Frames of the peer.
octets hello_frame(const mux::hello& h);
octets open_frame(
    std::uint32_t id, std::size_t early = 0, std::uint8_t flags = 0, std::uint32_t limit = 65'536
);
octets open_ok_frame(std::uint32_t id, std::uint32_t limit = 65'536);
octets open_fail_frame(std::uint32_t id, std::uint16_t code, std::string_view text = {});
octets data_frame(std::uint32_t id, std::size_t bytes, std::uint8_t flags = 0);
octets window_frame(std::uint32_t id, std::uint64_t limit);
octets
reset_frame(std::uint32_t id, std::uint16_t code, std::uint8_t flags = flag_abort | flag_stop);
octets u64_frame(frame_type type, std::uint64_t value);
octets
raw_frame(std::uint8_t type, std::uint32_t id, const octets& payload, std::uint8_t flags = 0);
octets operator+(octets left, const octets& right);

}  // namespace mux_test
