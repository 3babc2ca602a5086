// A stream's record from its first frame to the last thing it holds.
#include <penstock/mux/lane.hpp>

#include <algorithm>

namespace penstock::mux {

stream* lane::find(stream_id id) noexcept
{
    const auto found = streams_.find(static_cast<std::uint32_t>(id));
    return found == streams_.end() ? nullptr : found->second.get();
}

void lane::queue_control(stream& s, std::uint8_t frames) noexcept
{
    s.pending |= frames;
    if (!static_cast<auto_hook<control_tag>&>(s).is_linked())
        control_.push_back(s);
}

/// The peer's octets are ours to keep until consumed() or the stream's end.
void lane::hold(stream& s, std::size_t bytes, time_point now) noexcept
{
    if (s.in.buffered() == 0)
        s.unread_since = now;
    (void)s.in.receive(bytes);
    buffered_bytes_ += bytes;
    budget_.take(bytes);
    if (bytes > 0)
        next_recount_ = std::min(next_recount_, now + recount_interval);
}

void lane::drop_received(stream& s) noexcept
{
    if (s.state == stream_state::tomb)
        return;  // done when it was buried; what came since was never held
    repay(s, s.promised_bytes);
    const auto held = s.in.buffered();
    buffered_bytes_ -= held;
    budget_.give(held);
    // Their octets are gone for good; what is counted here must not be given back twice.
    (void)s.in.consume(held, window_terms{.only_if_empty = true}, s.last_activity);
}

/// Both directions have ended and everything was consumed: nothing can come for this id any more.
void lane::end_if_done(stream& s)
{
    if (s.fin_sent && s.fin_received && s.in.buffered() == 0)
        forget(s);
}

/// Ends a stream whose last frame (RESET or OPEN_FAIL) is still to be written. It is kept until the
/// peer acknowledges that frame, since until then the peer may send for it in good faith.
void lane::bury(stream& s, std::uint8_t frame)
{
    drop_received(s);
    s.state = stream_state::tomb;
    s.failed = true;
    s.tag = nullptr;
    s.ready = false;
    static_cast<auto_hook<schedule_tag>&>(s).unlink();
    static_cast<auto_hook<linger_tag>&>(s).unlink();
    s.pending = 0;
    if (frame == pending_reset)
        s.details.reset();
    queue_control(s, frame);
}

void lane::forget(stream& s)
{
    drop_received(s);
    if (!s.local) {
        if (s.failed) {
            ++refunds_held_;
            refund_due_ = std::min(refund_due_, last_received_);
        } else {
            ++refunded_to_peer_;
        }
    }
    streams_.erase(static_cast<std::uint32_t>(s.id));
}

window_terms lane::terms() const noexcept
{
    const auto& whole = budget_.whole();
    const auto used = whole.used_bytes();
    const auto limit = std::max<std::size_t>(1, whole.limit_bytes());
    const auto free = limit > used ? limit - used : 0;
    const auto sharing = std::max<std::size_t>(1, whole.receiving_streams());
    return {
        .round_trip = rtt_.for_windows(),
        .share_bytes = std::clamp<std::uint64_t>(
            free / sharing, window_bytes_floor, settings_.window_bytes_max
        ),
        .may_grow = used<limit / 10 * 7, .only_if_empty = used> limit / 20 * 17,
    };
}

/// A new stream begins with a part of what the path is known to carry, so that a download does not
/// spend its first round trips on finding that out again; with the smallest window when memory is
/// short. The first is promised two round trips of the path, as it would grow to; each further one
/// half of what is left of four: whoever opens thousands and reads none gets those and no more.
std::uint32_t lane::first_window() const noexcept
{
    const auto current = terms();
    if (!current.may_grow)
        return window_bytes_floor;
    const auto known = 4 * path_.bytes();
    const auto part = known > promised_bytes_ ? (known - promised_bytes_) / 2 : 0;
    const auto most = std::min<std::uint64_t>(window_bytes_learned_max, current.share_bytes);
    return std::max(settings_.first_window_bytes, static_cast<std::uint32_t>(std::min(part, most)));
}

void lane::promise(stream& s, std::uint32_t window) noexcept
{
    if (window <= settings_.first_window_bytes)
        return;
    s.promised_bytes = window - settings_.first_window_bytes;
    promised_bytes_ += s.promised_bytes;
}

void lane::repay(stream& s, std::uint64_t bytes) noexcept
{
    const auto part = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, s.promised_bytes));
    s.promised_bytes -= part;
    promised_bytes_ -= part;
}

bool lane::is_ours(stream_id id) const noexcept
{
    const bool odd = (static_cast<std::uint32_t>(id) & 1) != 0;
    return odd == (settings_.role == side::connecting);
}

}  // namespace penstock::mux
