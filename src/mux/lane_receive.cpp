// What the peer sends: every frame is judged whole before anything changes. Frames of streams are
// in lane_streams.cpp.
#include <penstock/mux/lane.hpp>

#include <algorithm>
#include <utility>

namespace penstock::mux {
lane::outcome lane::handle_octets(byte_view& input, time_point now)
{
    if (failed_)
        return error_code{static_cast<errc>(failed_->code)};
    while (!input.empty()) {
        const auto before = input.size();
        auto frame = reader_.next(input);
        const auto taken = before - input.size();
        counters_.received_bytes += taken;
        handle_sign_of_life(now);
        if (!frame)
            return fail(errc::frame_too_large, "a frame is larger than was announced");
        if (!*frame)
            break;
        const bool counted = is_sequenced((*frame)->header.type);
        if (counted && !hello_received_)
            return fail(errc::protocol, "the first frame is not HELLO");
        auto handled = handle_frame(**frame, now);
        if (handled && counted) {
            // Dispatch and count are one step: a frame was received exactly if its number is below
            // recv_seq_.
            if (++recv_seq_ == peer_replays_to_)
                end_tombs();
            unacked_received_bytes_ += frame_header_bytes + (*frame)->header.payload_bytes;
            ack_due_ = std::min(ack_due_, now + settings_.ack_delay);
        }
        if (!handled || *handled)
            return handled;
    }
    return std::optional<event>{};
}

error_code lane::handle_message_end()
{
    if (reader_.end_message())
        return fail(errc::protocol, "a message ends inside a frame");
    return {};
}

error_code lane::fail(errc code, std::string text)
{
    if (!failed_)
        failed_ = reason{static_cast<std::uint16_t>(code), std::move(text)};
    return code;
}

lane::outcome lane::handle_frame(const frame_view& frame, time_point now)
{
    const auto type = frame.header.type;
    if (type == static_cast<std::uint8_t>(frame_type::hello) && frame.header.stream == stream_id{})
        return handle_hello(frame.payload, now);
    if (!hello_received_ && type != static_cast<std::uint8_t>(frame_type::hello_err) &&
        type != static_cast<std::uint8_t>(frame_type::lane_err))
        return fail(errc::protocol, "the first frame is not HELLO");
    if (frame.header.stream == stream_id{})
        return handle_lane_frame(frame, now);
    return handle_stream_frame(frame, now);
}

lane::outcome lane::handle_lane_frame(const frame_view& frame, time_point now)
{
    switch (static_cast<frame_type>(frame.header.type)) {
    case frame_type::ack:
        return handle_ack(frame.payload, now);
    case frame_type::ping:
        return handle_ping(frame.payload, now);
    case frame_type::pong:
        return handle_pong(frame.payload, now);
    case frame_type::max_streams: {
        const auto granted = decode_u32(frame.payload);
        if (!granted)
            return fail(errc::protocol, "malformed MAX_STREAMS");
        if (*granted <= granted_to_us_)
            return ignore_frame(now);
        granted_to_us_ = *granted;
        return std::optional<event>{};
    }
    case frame_type::drain: {
        auto drain = decode_drain(frame.payload);
        if (!drain)
            return fail(errc::protocol, "malformed DRAIN");
        if (std::exchange(peer_draining_, true))
            return ignore_frame(now);
        peer_last_stream_ = drain->last_stream;
        return std::optional<event>{peer_draining{std::move(*drain)}};
    }
    case frame_type::link_drain: {
        const auto deadline_ms = decode_u32(frame.payload);
        if (!deadline_ms)
            return fail(errc::protocol, "malformed LINK_DRAIN");
        if (std::exchange(link_draining_, true))
            return ignore_frame(now);
        return std::optional<event>{link_leaving{*deadline_ms}};
    }
    case frame_type::close:
    case frame_type::lane_err: {
        auto why = decode_reason(frame.payload);
        if (!why)
            return fail(errc::protocol, "malformed CLOSE or LANE_ERR");
        peer_ended_ = true;
        const bool by_error = frame.header.type == static_cast<std::uint8_t>(frame_type::lane_err);
        return std::optional<event>{lane_ended{std::move(*why), by_error}};
    }
    case frame_type::hello_err: {
        auto why = decode_hello_err(frame.payload);
        if (!why || hello_received_)
            return fail(errc::protocol, "unexpected or malformed HELLO_ERR");
        return std::optional<event>{peer_refused{std::move(*why)}};
    }
    case frame_type::pad:
        return ignore_frame(now);
    default:
        break;
    }
    if ((frame.header.type & type_ignorable) != 0)
        return ignore_frame(now);
    return fail(errc::protocol, "unknown frame type " + std::to_string(frame.header.type));
}

lane::outcome lane::handle_hello(byte_view payload, time_point now)
{
    auto peer = decode_hello(payload);
    if (!peer || hello_received_)
        return fail(errc::protocol, "unexpected or malformed HELLO");
    if (peer->role == settings_.role)
        return fail(errc::protocol, "HELLO of our own role");
    if (peer->payload_bytes_max < payload_bytes_max_least)
        return fail(errc::protocol, "HELLO allows no frame worth sending");
    if (resuming_ && (!peer->recv_seq || !carry_on(*peer->recv_seq, *peer, now)))
        return fail(errc::bad_state, "HELLO does not carry on from what was sent");
    take_terms(*peer);
    hello_received_ = true;
    next_ping_ = now;
    return std::optional<event>{peer_ready{std::move(*peer)}};
}

void lane::take_terms(const hello& peer) noexcept
{
    granted_to_us_ = std::max<std::uint64_t>(granted_to_us_, peer.streams_max);
    peer_.streams_max = peer.streams_max;
    peer_.payload_bytes_max =
        std::min(peer.payload_bytes_max, static_cast<std::uint32_t>(payload_bytes_max));
    peer_.init_limit_bytes = std::max(peer.init_limit_bytes, limit_before_hello);
    peer_.replay_bytes_max = peer.replay_bytes_max;
    peer_.resume_timeout_s = peer.resume_timeout_s;
    // On a later link the peer is owed what the log holds, whatever it keeps itself from now on.
    if (peer_.replay_bytes_max == 0 && counters_.resumes == 0) {
        logging_ = false;
        log_.clear();
    }
}

lane::outcome lane::handle_ack(byte_view payload, time_point now)
{
    const auto seq = decode_u64(payload);
    if (!seq)
        return fail(errc::protocol, "malformed ACK");
    // A peer's number is only ever compared with our own counters.
    if (*seq < peer_acked_seq_ || *seq > next_seq_)
        return fail(errc::protocol, "ACK of what was never sent");
    if (*seq == peer_acked_seq_)
        return ignore_frame(now);  // tells nothing, so it does not count as an answer either
    acknowledged(*seq, now);
    return std::optional<event>{};
}

void lane::acknowledged(std::uint64_t seq, time_point now)
{
    peer_acked_seq_ = seq;
    unacked_since_ = peer_acked_seq_ == next_seq_ ? time_point::max() : now;
    if (logging_)
        log_.drop_below(seq);
    end_tombs();
}

/// Forgets the streams whose last frame the peer has seen. What the peer sent for them before it
/// saw that has come by then, unless it is among what is sent again: HELLO, and an ACK in the
/// middle of that, overtake it.
void lane::end_tombs()
{
    if (recv_seq_ < peer_replays_to_)
        return;
    while (!tombs_.empty() && tombs_.front().first <= peer_acked_seq_) {
        if (auto* const s = find(tombs_.front().second))
            forget(*s);
        tombs_.pop_front();
    }
}

lane::outcome lane::handle_ping(byte_view payload, time_point now)
{
    const auto sent = decode_u64(payload);
    if (!sent)
        return fail(errc::protocol, "malformed PING");
    if (!ping_budget_.take(now))
        return fail(errc::enhance_your_calm, "too many PINGs");
    pong_pending_ = pending_pong{*sent, now};
    return std::optional<event>{};
}

lane::outcome lane::handle_pong(byte_view payload, time_point now)
{
    const auto pong = decode_pong(payload);
    if (!pong)
        return fail(errc::protocol, "malformed PONG");
    const auto sent = static_cast<std::uint64_t>(ping_sent_.time_since_epoch().count());
    if (!ping_outstanding_ || pong->echo != sent)
        return ignore_frame(now);
    ping_outstanding_ = false;
    const auto held = std::chrono::microseconds(pong->hold_us);
    const auto round_trip = std::chrono::duration_cast<std::chrono::microseconds>(now - ping_sent_);
    rtt_.add(std::max(round_trip - held, std::chrono::microseconds{1}), now);
    return std::optional<event>{};
}

lane::outcome lane::ignore_frame(time_point now)
{
    ++counters_.ignored_frames;
    if (!ignored_budget_.take(now))
        return fail(errc::enhance_your_calm, "too many frames without effect");
    return std::optional<event>{};
}

}  // namespace penstock::mux
