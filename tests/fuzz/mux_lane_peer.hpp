#pragma once

#include <penstock/mux/frame_reader.hpp>
#include <penstock/mux/hello.hpp>
#include <penstock/mux/payload.hpp>

#include <algorithm>
#include <map>

#include "mux_lane_heard.hpp"

namespace fuzz {

using namespace penstock;
using mux::frame_type;
using mux::stream_id;

/// Takes small numbers from the front of the input; zeros when it is used up.
class input_reader {
public:
    explicit input_reader(byte_view input) : rest_(input) {}
    [[nodiscard]] bool empty() const { return rest_.empty(); }
    std::uint8_t u8() { return rest_.empty() ? std::uint8_t{0} : take(1)[0]; }
    std::uint16_t u16() { return static_cast<std::uint16_t>(u8() << 8 | u8()); }
    std::size_t below(std::size_t n) { return n == 0 ? 0 : u16() % n; }
    bool one_in(unsigned n) { return u8() % n == n - 1; }
    byte_view take(std::size_t count)
    {
        const auto taken = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }

private:
    byte_view rest_;
};

/// A peer that keeps to the protocol for the most part, and knows what it granted: without that
/// every input would end at its second frame.
class lane_peer {
public:
    lane_peer(input_reader& in, mux::side role) : in_(in), role_(role) {}

    octets greeting()
    {
        auto& h = hello_;
        h.role = role_;
        h.payload_bytes_max = 1'024U + in_.u16();
        h.init_limit_bytes = in_.u16();
        h.streams_max = in_.u8();
        h.replay_bytes_max = in_.u16();
        init_limit_ = std::max(h.init_limit_bytes, mux::limit_before_hello);
        octets out;
        mux::append_hello(out, h);
        return out;
    }

    /// HELLO of another link for the lane, which has received `heard` of our frames. `fits`: it
    /// must be taken, or not.
    struct attempt {
        mux::hello h;
        std::uint64_t recv_seq;
        bool fits;
    };
    attempt attach_again(std::uint64_t heard)
    {
        const auto least = heard_.acknowledged();
        attempt a{hello_, least + in_.below(heard_.count() - least + 1), false};
        if (in_.one_in(16))
            a.recv_seq = in_.one_in(2) ? in_.u16() : std::uint64_t{0} - in_.u8();
        a.h.next_seq = heard + in_.u8() % 4U;
        if (in_.one_in(32))
            a.h.next_seq = in_.u8();
        if (in_.one_in(8))
            a.h.replay_bytes_max = 0;
        a.fits = a.recv_seq >= least && a.recv_seq <= heard_.count() && *a.h.next_seq >= heard;
        if (a.fits)
            heard_.expect_again(a.recv_seq);
        ping_ = 0;
        return a;
    }
    /// What the lane has said: whole frames, and no octet beyond its credit.
    void hear(byte_view message)
    {
        mux::frame_reader reader(mux::payload_bytes_max);
        while (const auto frame = reader.next(message).value()) {
            if (!mux::is_sequenced(frame->header.type) || heard_.hear(*frame))
                hear_frame(frame->header, frame->payload);
        }
        PENSTOCK_REQUIRE(!reader.end_message());
    }

    octets next_frame()
    {
        if (in_.one_in(64))
            return wild_frame();
        octets out;
        switch (in_.u8() % 16) {
        case 0:
        case 1:
            return open();
        case 2:
            heard_.acknowledge(
                heard_.acknowledged() + in_.below(heard_.count() - heard_.acknowledged() + 1)
            );
            mux::append_u64(out, frame_type::ack, {}, heard_.acknowledged());
            return out;
        case 3:
            mux::append_u32(out, frame_type::max_streams, {}, grant_ += in_.u8());
            return out;
        case 4:
            if (in_.one_in(8))
                mux::append_u64(out, frame_type::ping, {}, ++pings_);
            else if (ping_ != 0)
                mux::append_pong(out, {ping_, in_.u16(), 0});
            return out;
        case 5:
            return rare_frame();
        default:
            return stream_frame();
        }
    }

    static octets raw(std::uint8_t type, stream_id id, byte_view payload, std::uint8_t flags)
    {
        octets out(mux::frame_header_bytes);
        const mux::frame_header header{
            .type = type,
            .flags = flags,
            .payload_bytes = static_cast<std::uint16_t>(payload.size()),
            .stream = id,
        };
        mux::encode_header(header, std::span<std::uint8_t, mux::frame_header_bytes>(out));
        out.insert(out.end(), payload.begin(), payload.end());
        return out;
    }

    /// Octets of any kind, but no ACK: what was acknowledged must be known when it is sent again.
    octets anything()
    {
        const auto taken = in_.take(in_.u8());
        octets any(taken.begin(), taken.end());
        std::ranges::replace(any, ack_type, pad_type);
        return any;
    }

private:
    static constexpr auto ack_type = static_cast<std::uint8_t>(frame_type::ack);
    static constexpr auto pad_type = static_cast<std::uint8_t>(frame_type::pad);

    struct known_stream {
        std::uint64_t may_send = 0;
        std::uint64_t sent = 0;
        std::uint64_t granted = 0;
        std::uint64_t received = 0;
        bool opening = false;  ///< the lane's, not answered yet
        bool fin_sent = false;
    };

    void hear_frame(const mux::frame_header& header, byte_view payload)
    {
        auto& s = streams_[header.stream];
        switch (static_cast<frame_type>(header.type)) {
        case frame_type::open: {
            const auto open =
                mux::decode_open(payload, (header.flags & mux::flag_early) != 0).value();
            s = {
                .may_send = open.limit,
                .granted = init_limit_,
                .received = open.early.size(),
                .opening = true
            };
            break;
        }
        case frame_type::open_ok:
            s.may_send =
                std::max<std::uint64_t>(s.may_send, mux::decode_open_ok(payload).value().limit);
            break;
        case frame_type::window: {
            const auto limit = mux::decode_u64(payload).value();
            PENSTOCK_REQUIRE(limit > s.may_send);
            s.may_send = limit;
            break;
        }
        case frame_type::data:
            PENSTOCK_REQUIRE(!payload.empty() || (header.flags & mux::flag_fin) != 0);
            s.received += payload.size();
            break;
        case frame_type::reset:
        case frame_type::open_fail:
            streams_.erase(header.stream);
            return;
        case frame_type::ping:
            ping_ = mux::decode_u64(payload).value();
            break;
        default:
            break;
        }
        if (header.stream == stream_id{})
            streams_.erase(header.stream);
        else
            PENSTOCK_REQUIRE(s.received <= s.granted);
    }

    octets open()
    {
        const octets early(in_.one_in(4) ? in_.below(16'385) : 0);
        mux::open_frame request;
        request.kind = in_.one_in(32) ? 2 : 1;
        request.priority = static_cast<mux::stream_class>(in_.u8() % 3);
        request.limit = in_.u16();
        request.destination = {std::string("target.test"), 80};
        request.early = early;
        last_id_ += in_.one_in(8) ? 4 : 2;
        const stream_id id{role_ == mux::side::connecting ? last_id_ - 1 : last_id_};
        const bool fin = in_.one_in(8);
        streams_[id] = {
            .may_send = mux::limit_before_hello,
            .sent = early.size(),
            .granted = request.limit,
            .fin_sent = fin,
        };
        octets out;
        mux::append_open(out, id, request, fin);
        return out;
    }

    octets stream_frame()
    {
        if (streams_.empty())
            return open();
        const auto at =
            std::next(streams_.begin(), static_cast<std::ptrdiff_t>(in_.below(streams_.size())));
        const auto id = at->first;
        auto& s = at->second;
        octets out;
        if (s.opening) {
            s.opening = false;
            if (in_.one_in(4)) {
                mux::append_reason(out, frame_type::open_fail, id, {in_.u8(), "no"});
                streams_.erase(at);
            } else {
                const std::uint32_t limit = in_.u16();
                s.granted = std::max<std::uint64_t>(s.granted, limit);
                mux::append_open_ok(out, id, {.limit = limit, .bound_address = {}});
            }
            return out;
        }
        if (in_.one_in(16)) {
            const auto flags = in_.one_in(4) ? in_.u8() : std::uint8_t{3};
            mux::append_reset(out, id, flags, {in_.u8(), s.sent});
            streams_.erase(at);
            return out;
        }
        if (s.fin_sent || in_.one_in(4)) {
            s.granted += in_.u16();
            mux::append_u64(out, frame_type::window, id, s.granted);
            return out;
        }
        const octets data(in_.below(std::min<std::uint64_t>(s.may_send - s.sent, 20'000) + 1));
        s.fin_sent = data.empty() || in_.one_in(8);
        s.sent += data.size();
        return raw(0x04, id, data, s.fin_sent ? 1 : 0);
    }

    octets rare_frame()
    {
        const auto text = in_.u8();
        octets out;
        if (in_.one_in(16))
            mux::append_drain(out, {text, text, {0, "drain"}});
        else if (in_.one_in(16))
            mux::append_u32(out, frame_type::link_drain, {}, text);
        else if (in_.one_in(128))
            mux::append_reason(out, frame_type::close, {}, {text, "end"});
        else if (in_.one_in(128))
            mux::append_reason(out, frame_type::lane_err, {}, {text, "end"});
        else
            out = raw(in_.one_in(2) ? 0x4f : 0xbf, {}, octets(text), text);
        return out;
    }

    /// Whatever it is, it has a header.
    octets wild_frame()
    {
        const stream_id id{in_.u8() % 24U};
        auto type = in_.u8();
        if (in_.one_in(2))
            type %= 10;
        if (type == ack_type)
            type = pad_type;
        const auto flags = in_.u8();  // named first: the order of arguments is not defined
        return raw(type, id, in_.take(in_.u8()), flags);
    }

    input_reader& in_;
    mux::side role_;
    std::map<stream_id, known_stream> streams_;
    std::uint64_t init_limit_ = mux::limit_before_hello;
    mux::hello hello_;
    heard_frames heard_;
    std::uint64_t ping_ = 0;
    std::uint64_t pings_ = 0;
    std::uint32_t grant_ = 16;
    std::uint32_t last_id_ = 0;
};

}  // namespace fuzz
