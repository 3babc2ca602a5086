// A lane under any sequence of a peer's frames, its owner's calls and lost links: no crash, no
// wrong account, no octet beyond the credit, no deadline that stays, and what is sent again is what
// was.
#include "mux_lane_owner.hpp"

namespace {

using namespace fuzz;

class driver : lane_owner {
public:
    explicit driver(byte_view input) : lane_owner(input) {}

    void run()
    {
        lane_.send_hello({});
        if (!in_.one_in(8))
            feed(peer_.greeting());
        while (!in_.empty() && !lane_.failed() && !over_) {
            step();
            check();
        }
        send();
    }

private:
    void step()
    {
        switch (in_.u8() % 16) {
        case 0:
            open();
            break;
        case 1: {
            const auto id = some_id();
            if (in_.one_in(4)) {
                lane_.refuse(id, failure::connection_refused, "no");
                if (dialing_.contains(id))
                    forget(id);
            } else {
                lane_.accept(id, {}, now_);
                dialing_.erase(id);
            }
            break;
        }
        case 2:
        case 3:
            consume();
            break;
        case 4:
            if (in_.one_in(4)) {
                const auto id = some_id();
                lane_.reset(id, failure::target_reset);
                forget(id);
            }
            break;
        case 5:
        case 6:
            lane_.set_ready(some_id(), !in_.one_in(4));
            break;
        case 7:
            pass_time();
            break;
        case 8:
            if (in_.one_in(4))
                change_links();
            else if (in_.one_in(128))
                lane_.drain(1s, "drain");
            else if (in_.one_in(128))
                lane_.close("close");
            break;
        case 9:
        case 10:
            if (lane_.wants_to_send())
                send();
            break;
        case 11:
            if (in_.one_in(64))
                feed(peer_.anything());
            break;
        default:
            feed(peer_.next_frame());
            break;
        }
    }

    /// The link breaks, perhaps inside a frame, and the lane goes on over another one.
    void change_links()
    {
        if (!lane_.resumable())
            return;
        const octets cut = lane_peer::raw(0x04, stream_id{1}, octets(100), 0);
        byte_view part = byte_view(cut).first(in_.below(cut.size()));
        PENSTOCK_REQUIRE(!lane_.handle_octets(part, now_).value());
        for (auto attempts = 1 + in_.u8() % 3; attempts > 0; --attempts) {
            lane_.detach();
            for (auto steps = in_.u8() % 8; steps > 0; --steps)
                act_alone();
            PENSTOCK_REQUIRE(!lane_.wants_to_send());
            if (settings_.role == mux::side::connecting)
                dial(attempts > 1);
            else
                take_attempt();
            if (lane_.failed() || !lane_.resumable())
                return;
        }
    }

    /// What its owner may do with a lane that has no link.
    void act_alone()
    {
        switch (in_.u8() % 4) {
        case 0:
            open();
            break;
        case 1:
            consume();
            break;
        case 2:
            lane_.set_ready(some_id(), true);
            break;
        default:
            pass_time();
            break;
        }
    }

    void dial(bool in_vain)
    {
        mux::hello h;
        h.attach = mux::attach{.mode = mux::attach_mode::resume, .recv_seq = lane_.recv_seq()};
        lane_.send_hello(h);
        flat_buffer out;
        lane_.poll_control(out, 4'096, now_);
        lane_.poll_replay(out, 4'096);
        PENSTOCK_REQUIRE(!lane_.poll_data(4'096));
        PENSTOCK_REQUIRE(out.size() == mux::frame_header_bytes + sent_hello_bytes(out.view()));
        if (in_vain)
            return;
        const auto resumes = lane_.counters().resumes;
        auto answer = peer_.attach_again(lane_.recv_seq());
        answer.h.recv_seq = answer.recv_seq;
        octets frame;
        mux::append_hello(frame, answer.h);
        feed(frame);
        PENSTOCK_REQUIRE((lane_.counters().resumes > resumes) == answer.fits);
    }

    /// A message of one HELLO and nothing else.
    static std::size_t sent_hello_bytes(byte_view message)
    {
        const auto header = mux::decode_header(message.first<mux::frame_header_bytes>());
        PENSTOCK_REQUIRE(header.type == static_cast<std::uint8_t>(mux::frame_type::hello));
        return header.payload_bytes;
    }

    void take_attempt()
    {
        const auto attempt = peer_.attach_again(lane_.recv_seq());
        const bool taken = lane_.resume(attempt.h, attempt.recv_seq, now_);
        PENSTOCK_REQUIRE(taken == attempt.fits);
        if (taken)
            lane_.send_hello({});
        else
            over_ = true;
    }

    bool over_ = false;  ///< an attempt did not fit; the lane is of no use any more
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    driver(byte_view(data, size)).run();
    return 0;
}
