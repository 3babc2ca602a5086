#pragma once

#include <penstock/mux/lane.hpp>

#include <string>

/// Words for frames and events, for expectations and logs that a person can read:
/// "DATA 1 5 fin", "WINDOW 1 81920", "RESET 1 14 abort stop"; "data 1 5 fin", "reset 1 14".
namespace mux_test {

using namespace penstock;
using mux::frame_type;

inline std::string number(mux::stream_id id)
{
    return std::to_string(static_cast<std::uint32_t>(id));
}
inline std::string number(failure code) { return std::to_string(static_cast<std::uint16_t>(code)); }

inline std::string text_of(const mux::reason& why)
{
    return std::to_string(why.code) + (why.text.empty() ? "" : " \"" + why.text + '"');
}

inline std::string fin_word(bool fin) { return fin ? " fin" : ""; }

struct event_words {
    std::string operator()(const mux::peer_ready&) const { return "ready"; }
    std::string operator()(const mux::peer_refused& e) const
    {
        return "refused by peer " + text_of(e.why.why);
    }
    std::string operator()(const mux::open_requested& e) const
    {
        return "requested " + number(e.id) + ' ' + to_string(e.request.destination) + ' ' +
               std::to_string(e.request.early.size()) + fin_word(e.fin);
    }
    std::string operator()(const mux::stream_opened& e) const { return "opened " + number(e.id); }
    std::string operator()(const mux::open_refused& e) const
    {
        return "refused " + number(e.id) + ' ' + number(e.code);
    }
    std::string operator()(const mux::stream_data& e) const
    {
        return "data " + number(e.id) + ' ' + std::to_string(e.octets.size()) + fin_word(e.fin);
    }
    std::string operator()(const mux::stream_reset& e) const
    {
        return "reset " + number(e.id) + ' ' + number(e.code);
    }
    std::string operator()(const mux::peer_draining& e) const
    {
        return "draining " + std::to_string(e.why.last_stream) + ' ' +
               std::to_string(e.why.deadline_ms);
    }
    std::string operator()(const mux::link_leaving& e) const
    {
        return "link leaving " + std::to_string(e.deadline_ms);
    }
    std::string operator()(const mux::lane_ended& e) const
    {
        return (e.by_error ? "ended by error " : "closed ") + text_of(e.why);
    }
};

inline std::string reset_words(std::uint8_t flags)
{
    return std::string((flags & mux::flag_abort) != 0 ? " abort" : "") +
           ((flags & mux::flag_stop) != 0 ? " stop" : "");
}

inline std::string resume_words(const mux::hello& h)
{
    if (h.attach && h.attach->mode == mux::attach_mode::resume)
        return " resume recv_seq=" + std::to_string(h.attach->recv_seq);
    return h.recv_seq ? " recv_seq=" + std::to_string(*h.recv_seq) : "";
}

inline std::string describe(const mux::event& event) { return std::visit(event_words{}, event); }

inline std::string describe(const mux::frame_view& frame)
{
    const auto stream = number(frame.header.stream);
    const auto fin = fin_word((frame.header.flags & mux::flag_fin) != 0);
    const auto u64 = [&] { return std::to_string(mux::decode_u64(frame.payload).value()); };
    const auto u32 = [&] { return std::to_string(mux::decode_u32(frame.payload).value()); };
    const auto why = [&] { return text_of(mux::decode_reason(frame.payload).value()); };
    switch (static_cast<frame_type>(frame.header.type)) {
    case frame_type::open: {
        const bool early = (frame.header.flags & mux::flag_early) != 0;
        const auto open = mux::decode_open(frame.payload, early).value();
        return "OPEN " + stream + ' ' + to_string(open.destination) +
               " limit=" + std::to_string(open.limit) +
               (early ? " early=" + std::to_string(open.early.size()) : "") + fin;
    }
    case frame_type::open_ok:
        return "OPEN_OK " + stream +
               " limit=" + std::to_string(mux::decode_open_ok(frame.payload).value().limit);
    case frame_type::open_fail:
        return "OPEN_FAIL " + stream + ' ' + why();
    case frame_type::data:
        return "DATA " + stream + ' ' + std::to_string(frame.payload.size()) + fin;
    case frame_type::window:
        return "WINDOW " + stream + ' ' + u64();
    case frame_type::reset: {
        const auto reset = mux::decode_reset(frame.payload).value();
        return "RESET " + stream + ' ' + std::to_string(reset.code) +
               " sent=" + std::to_string(reset.sent_bytes) + reset_words(frame.header.flags);
    }
    case frame_type::max_streams:
        return "MAX_STREAMS " + u32();
    case frame_type::drain: {
        const auto drain = mux::decode_drain(frame.payload).value();
        return "DRAIN " + std::to_string(drain.last_stream) + ' ' +
               std::to_string(drain.deadline_ms) + ' ' + text_of(drain.why);
    }
    case frame_type::close:
        return "CLOSE " + why();
    case frame_type::hello:
        return "HELLO" + resume_words(mux::decode_hello(frame.payload).value());
    case frame_type::hello_err:
        return "HELLO_ERR " + text_of(mux::decode_hello_err(frame.payload).value().why);
    case frame_type::ack:
        return "ACK " + u64();
    case frame_type::ping:
        return "PING";
    case frame_type::pong:
        return "PONG";
    case frame_type::lane_err:
        return "LANE_ERR " + why();
    default:
        return "type " + std::to_string(frame.header.type) + ' ' + stream;
    }
}

/// Every frame of `message`, joined by "; ". `skip_housekeeping` leaves out ACK, PING and PONG,
/// which come by the clock.
inline std::string describe_message(byte_view message, bool skip_housekeeping)
{
    std::string words;
    mux::frame_reader reader(mux::payload_bytes_max);
    for (;;) {
        const auto frame = reader.next(message).value();
        if (!frame)
            return words;
        const auto type = static_cast<frame_type>(frame->header.type);
        const bool housekeeping =
            type == frame_type::ack || type == frame_type::ping || type == frame_type::pong;
        if (housekeeping && skip_housekeeping)
            continue;
        words += (words.empty() ? "" : "; ") + describe(*frame);
    }
}

}  // namespace mux_test
