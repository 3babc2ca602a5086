#pragma once

#include <penstock/mux/lane.hpp>

#include <set>

#include "mux_lane_peer.hpp"

namespace fuzz {

using namespace std::chrono_literals;

inline mux::side other(mux::side role)
{
    return role == mux::side::connecting ? mux::side::accepting : mux::side::connecting;
}

/// A lane, its peer, and what its owner knows of its streams.
class lane_owner {
protected:
    explicit lane_owner(byte_view input)
        : in_(input), settings_(make_settings()),
          budget_((1 + in_.u8() % 4) * std::size_t{1'048'576}), lane_(settings_, lease_, now_),
          peer_(in_, other(settings_.role))
    {
    }

    mux::lane_settings make_settings()
    {
        mux::lane_settings s;
        s.role = in_.one_in(2) ? mux::side::connecting : mux::side::accepting;
        s.streams_max = in_.u8();
        s.init_limit_bytes = in_.u16();
        s.first_window_bytes = in_.u16();
        s.half_close_linger = 1ms * in_.u16();
        s.failed_streams_burst = in_.u8();
        s.seed = in_.u8();
        s.replay_bytes_max = in_.one_in(2) ? in_.u16() : in_.u8() * 65'536U;
        return s;
    }

    /// Mostly a stream that is there.
    stream_id some_id()
    {
        if (known_.empty() || in_.one_in(16))
            return stream_id{in_.u8() % 32U};
        return *std::next(known_.begin(), static_cast<std::ptrdiff_t>(in_.below(known_.size())));
    }

    void feed(byte_view input)
    {
        const auto cut = in_.one_in(4) ? in_.below(input.size() + 1) : input.size();
        for (auto piece : {input.first(cut), input.subspan(cut)}) {
            for (;;) {
                const auto outcome = lane_.handle_octets(piece, now_);
                if (!outcome) {
                    PENSTOCK_REQUIRE(lane_.failed());
                    return;
                }
                if (!*outcome) {
                    PENSTOCK_REQUIRE(piece.empty());
                    break;
                }
                note(**outcome);
            }
        }
        if (lane_.handle_message_end())
            PENSTOCK_REQUIRE(lane_.failed());
    }

    void note(const mux::event& event)
    {
        if (const auto* const request = std::get_if<mux::open_requested>(&event)) {
            unread_[request->id] += request->request.early.size();
            dialing_.insert({request->id, true});
            known_.insert(request->id);
        } else if (const auto* const data = std::get_if<mux::stream_data>(&event)) {
            unread_[data->id] += data->octets.size();
        } else if (const auto* const refused = std::get_if<mux::open_refused>(&event)) {
            PENSTOCK_REQUIRE(refused->code != failure::none);
            forget(refused->id);
        } else if (const auto* const reset = std::get_if<mux::stream_reset>(&event)) {
            forget(reset->id);
        }
    }

    void forget(stream_id id)
    {
        unread_.erase(id);
        dialing_.erase(id);
        known_.erase(id);
    }

    void open()
    {
        const octets early(in_.one_in(4) ? in_.below(lane_.early_bytes_max() + 1) : 0);
        mux::open_frame request;
        request.destination = {std::string("target.test"), 443};
        request.early = early;
        const bool could = lane_.can_open();
        const auto id = lane_.open(std::move(request), nullptr, now_);
        PENSTOCK_REQUIRE(id.has_value() == could);
        if (id)
            known_.insert(*id);
    }

    void consume()
    {
        if (unread_.empty())
            return;
        const auto chosen =
            std::next(unread_.begin(), static_cast<std::ptrdiff_t>(in_.below(unread_.size())));
        const auto bytes = std::min<std::size_t>(chosen->second, in_.u16());
        chosen->second -= bytes;
        lane_.consumed(chosen->first, bytes, now_);
    }

    void pass_time()
    {
        now_ += std::chrono::milliseconds(in_.one_in(16) ? in_.u16() : in_.u8());
        if (lane_.next_deadline() > now_)
            return;
        if (lane_.handle_timeout(now_)) {
            lane_.handle_sign_of_life(now_);  // otherwise there is nothing left to try
            return;
        }
        while (const auto event = lane_.poll_event())
            note(*event);
        PENSTOCK_REQUIRE(lane_.next_deadline() > now_);
    }

    void send()
    {
        flat_buffer out;
        lane_.poll_control(out, in_.one_in(2) ? in_.u8() : 4'096, now_);
        lane_.poll_replay(out, in_.u16());
        for (int i = 0; i < 16; ++i) {
            const auto slot = lane_.poll_data(mux::frame_header_bytes + in_.u16());
            if (!slot)
                break;
            PENSTOCK_REQUIRE(slot->payload_bytes_max > 0);
            PENSTOCK_REQUIRE(slot->payload_bytes_max <= mux::payload_bytes_max);
            const auto bytes = std::min<std::size_t>(slot->payload_bytes_max, in_.u16());
            const bool fin = in_.one_in(8);
            if (bytes == 0 && !fin) {
                lane_.set_ready(slot->id, false);
                continue;
            }
            const auto frame = out.prepare(mux::frame_header_bytes + bytes);
            std::fill_n(frame.begin() + mux::frame_header_bytes, bytes, std::uint8_t{0});
            lane_.commit_data(slot->id, bytes, fin, frame, now_);
            out.commit(mux::frame_header_bytes + bytes);
        }
        peer_.hear(out.view());
    }

    void check()
    {
        std::uint64_t sum = 0;
        for (const auto& [id, bytes] : unread_)
            sum += bytes;
        PENSTOCK_REQUIRE(lane_.buffered_bytes() == sum);
        using log = mux::replay_log;
        const auto kept = lease_.used_bytes() - sum;
        PENSTOCK_REQUIRE(kept % log::block_bytes == 0);
        PENSTOCK_REQUIRE(
            kept / log::block_bytes <=
            lane_.replay_bytes() / log::block_bytes + 2 + log::spare_blocks_max
        );
        PENSTOCK_REQUIRE(
            lane_.replay_bytes() <=
            settings_.replay_bytes_max + mux::frame_header_bytes + mux::payload_bytes_max
        );
    }

    input_reader in_;
    mux::lane_settings settings_;
    memory_budget budget_;
    budget_lease lease_{budget_};
    mux::time_point now_{1'000s};
    mux::lane lane_;
    lane_peer peer_;
    std::map<stream_id, std::size_t> unread_;
    std::map<stream_id, bool> dialing_;
    std::set<stream_id> known_;
};

}  // namespace fuzz
