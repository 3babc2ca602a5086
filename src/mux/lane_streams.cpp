// What the peer sends for a stream; PROTOCOL.md, stream states.
#include <penstock/mux/lane.hpp>

#include <algorithm>

namespace penstock::mux {
namespace {

std::string describe_stream(std::string_view what, stream_id id)
{
    return std::string(what) + " on stream " + std::to_string(static_cast<std::uint32_t>(id));
}

}  // namespace

lane::outcome lane::handle_stream_frame(const frame_view& frame, time_point now)
{
    const auto type = static_cast<frame_type>(frame.header.type);
    const auto id = frame.header.stream;
    if (type == frame_type::open)
        return handle_open(frame, now);
    if ((frame.header.type & type_ignorable) != 0 || type == frame_type::blocked)
        return ignore_frame(now);
    if (type < frame_type::open_ok || type > frame_type::reset)
        return fail(errc::protocol, "unknown frame type " + std::to_string(frame.header.type));

    auto* const s = find(id);
    if (s == nullptr) {
        const auto number = static_cast<std::uint32_t>(id);
        const bool known = is_ours(id) ? number < next_id_ : number <= peer_id_last_;
        if (known && (type == frame_type::window || type == frame_type::reset))
            return ignore_frame(now);
        return fail(errc::bad_state, describe_stream("frame for a stream that is not open,", id));
    }
    if (s->state == stream_state::tomb)
        return handle_late_frame(*s, frame, now);
    if (s->local && !s->introduced)
        return fail(errc::bad_state, describe_stream("frame for a stream that is not open,", id));

    switch (type) {
    case frame_type::open_ok:
        return handle_open_ok(*s, frame.payload);
    case frame_type::open_fail:
        return handle_open_fail(*s, frame.payload);
    case frame_type::data:
        return handle_data(*s, frame, now);
    case frame_type::window:
        return handle_window(*s, frame.payload, now);
    default:
        return handle_reset(*s, frame);
    }
}

/// What the peer sent before it heard of our RESET or OPEN_FAIL. Octets within its credit are in
/// good faith and cost nothing: a cancelled download has a whole window of them on the way, and ten
/// of those must not look like a flood. Everything else is counted.
lane::outcome lane::handle_late_frame(stream& s, const frame_view& frame, time_point now)
{
    if (frame.header.type != static_cast<std::uint8_t>(frame_type::data) || frame.payload.empty())
        return ignore_frame(now);
    const auto bytes = frame.payload.size();
    if (bytes > s.in.limit() - s.in.received())
        return fail(errc::flow_control, describe_stream("DATA beyond the limit", s.id));
    (void)s.in.receive(bytes);
    ++counters_.ignored_frames;
    return std::optional<event>{};
}

lane::outcome lane::handle_open(const frame_view& frame, time_point now)
{
    const auto id = frame.header.stream;
    const auto number = static_cast<std::uint32_t>(id);
    const bool fin = (frame.header.flags & flag_fin) != 0;
    if (is_ours(id) || number <= peer_id_last_ || number >= stream_id_end)
        return fail(errc::protocol, describe_stream("OPEN out of order", id));
    if (opened_by_peer_ >= granted_to_peer_)
        return fail(errc::enhance_your_calm, describe_stream("OPEN beyond the grant", id));
    auto request = decode_open(frame.payload, (frame.header.flags & flag_early) != 0);
    if (!request)
        return fail(errc::protocol, describe_stream("malformed OPEN", id));
    if (request->early.size() > settings_.init_limit_bytes)
        return fail(errc::flow_control, describe_stream("too much early data", id));

    peer_id_last_ = number;
    ++opened_by_peer_;
    ++counters_.streams_opened;
    const auto window = std::max(first_window(), settings_.init_limit_bytes);
    auto s = std::make_unique<stream>(id, stream_state::dialing, window, now);
    promise(*s, window);
    s->send_limit = request->limit;
    s->last_activity = now;
    s->fin_received = fin;
    hold(*s, request->early.size(), now);
    auto& record = *streams_.emplace(number, std::move(s)).first->second;

    const auto code = draining_            ? failure::overloaded
                      : request->kind != 1 ? failure::command_not_supported
                                           : failure::none;
    if (code != failure::none) {
        refuse(
            record.id,
            code,
            draining_ ? "the server is shutting down" : "only TCP streams are supported"
        );
        return std::optional<event>{};
    }
    return std::optional<event>{open_requested{id, std::move(*request), fin}};
}

lane::outcome lane::handle_open_ok(stream& s, byte_view payload)
{
    auto answer = decode_open_ok(payload);
    if (!answer)
        return fail(errc::protocol, describe_stream("malformed OPEN_OK", s.id));
    if (s.state != stream_state::opening)
        return fail(errc::bad_state, describe_stream("unexpected OPEN_OK", s.id));
    s.state = stream_state::open;
    s.send_limit = std::max<std::uint64_t>(s.send_limit, answer->limit);
    if (sendable(s))
        schedule_.activate(s);
    return std::optional<event>{stream_opened{s.id, s.tag, std::move(*answer)}};
}

lane::outcome lane::handle_open_fail(stream& s, byte_view payload)
{
    auto why = decode_reason(payload);
    if (!why)
        return fail(errc::protocol, describe_stream("malformed OPEN_FAIL", s.id));
    if (s.state != stream_state::opening)
        return fail(errc::bad_state, describe_stream("unexpected OPEN_FAIL", s.id));
    // "Refused because of success" would reach the client as success.
    const auto code = why->code == 0 ? failure::general : static_cast<failure>(why->code);
    open_refused refused{s.id, s.tag, code, std::move(why->text)};
    forget(s);
    return std::optional<event>{std::move(refused)};
}

lane::outcome lane::handle_data(stream& s, const frame_view& frame, time_point now)
{
    const bool fin = (frame.header.flags & flag_fin) != 0;
    const auto bytes = frame.payload.size();
    if (s.state == stream_state::opening)
        return fail(errc::bad_state, describe_stream("DATA before OPEN_OK", s.id));
    if (s.fin_received)
        return fail(errc::bad_state, describe_stream("DATA behind FIN", s.id));
    if (bytes == 0 && !fin)
        return fail(errc::protocol, describe_stream("empty DATA", s.id));
    if (bytes > s.in.limit() - s.in.received())
        return fail(errc::flow_control, describe_stream("DATA beyond the limit", s.id));

    hold(s, bytes, now);
    mark_busy(now);
    s.fin_received = fin;
    s.last_activity = now;
    if (bytes > 0 && !s.receiving) {
        s.receiving = true;
        receiving_.push_back(s.id);
        budget_.add_receiving(1);
    }
    stream_data data{s.id, s.tag, frame.payload, fin};
    if (fin) {
        static_cast<auto_hook<linger_tag>&>(s).unlink();
        end_if_done(s);
    }
    return std::optional<event>{data};
}

lane::outcome lane::handle_window(stream& s, byte_view payload, time_point now)
{
    const auto limit = decode_u64(payload);
    if (!limit)
        return fail(errc::protocol, describe_stream("malformed WINDOW", s.id));
    if (s.state == stream_state::opening)
        return fail(errc::bad_state, describe_stream("WINDOW before OPEN_OK", s.id));
    constexpr std::uint64_t window_bytes_hard = 64 * 1024 * 1024;
    if (*limit > s.sent_bytes + window_bytes_hard)
        return fail(errc::flow_control, describe_stream("WINDOW beyond all measure", s.id));
    if (*limit <= s.send_limit)
        return ignore_frame(now);
    s.send_limit = *limit;
    if (sendable(s))
        schedule_.activate(s);
    return std::optional<event>{};
}

lane::outcome lane::handle_reset(stream& s, const frame_view& frame)
{
    const auto reset = decode_reset(frame.payload);
    if (!reset)
        return fail(errc::protocol, describe_stream("malformed RESET", s.id));
    ++counters_.streams_reset;
    s.failed = true;
    stream_reset ended{s.id, s.tag, static_cast<failure>(reset->code)};
    constexpr auto both = flag_abort | flag_stop;  // other bits mean nothing yet
    if ((frame.header.flags & both) == both) {
        forget(s);
    } else {
        // One direction only: a socket that is reset has no other half, so the rest is given up
        // too.
        s.reset_code = ended.code;
        s.reset_flags = flag_abort | flag_stop;
        bury(s, pending_reset);
    }
    return std::optional<event>{ended};
}

}  // namespace penstock::mux
