// What goes to the peer: control from pending state first, then the streams' octets in the
// scheduler's order.
#include <penstock/mux/lane.hpp>

#include <boost/assert.hpp>

#include <algorithm>
#include <limits>

namespace penstock::mux {
namespace {

/// A WINDOW's residue below this is not worth a frame of its own (RFC 1122 section 4.2.3.4,
/// sender's side).
constexpr std::uint64_t credit_bytes_min = 1'024;

/// Received octets that make an ACK due at once; an eighth of what the peer can keep, if that is
/// less.
constexpr std::size_t ack_bytes = 256 * 1024;

}  // namespace

std::size_t lane::ack_due_bytes() const noexcept
{
    if (peer_.replay_bytes_max == 0)
        return ack_bytes;
    return static_cast<std::size_t>(
        std::clamp<std::uint64_t>(peer_.replay_bytes_max / 8, 1, ack_bytes)
    );
}

/// Grants travel with whatever is sent next; they are worth a message of their own if they are
/// many, or if the peer has few left.
bool lane::grant_is_due() const noexcept
{
    const std::uint64_t many = std::max(1U, settings_.streams_max / 4);
    const auto held = refunded_to_peer_ - granted_to_peer_;
    return held >= many || (held > 0 && granted_to_peer_ - opened_by_peer_ < many);
}

bool lane::wants_to_send() const noexcept
{
    if (hello_error_pending_ || hello_pending_ || (failed_ && !failure_written_))
        return true;
    if (!hello_sent_ || failed_)
        return false;
    if (pong_pending_ || ping_pending_ || ack_pending_ ||
        unacked_received_bytes_ >= ack_due_bytes())
        return true;
    if (log_.replaying() && !resuming_)
        return true;
    return may_send_sequenced() && (!control_.empty() || schedule_.any() || drain_pending_ ||
                                    (close_pending_ && !close_written_) || grant_is_due());
}

/// What the log takes without growing beyond its limit by more than a frame. When memory is short
/// it keeps no more than a block: sources wait, and what is acknowledged makes room. An empty log
/// takes a frame whatever its limit is, since nothing would ever make room there.
std::size_t lane::replay_room_bytes() const noexcept
{
    if (!logging_)
        return std::numeric_limits<std::size_t>::max();
    const auto& whole = budget_.whole();
    const bool short_of_memory = whole.used_bytes() > whole.limit_bytes() / 10 * 7;
    const auto limit =
        short_of_memory
            ? std::min<std::uint64_t>(settings_.replay_bytes_max, replay_log::block_bytes)
            : settings_.replay_bytes_max;
    const auto kept = log_.size_bytes();
    const auto least = kept == 0 ? frame_header_bytes + payload_bytes_max_least : 0;
    return std::max(static_cast<std::size_t>(limit - std::min<std::uint64_t>(limit, kept)), least);
}

/// A full log stops sequenced frames, never what is link-local: the ACK that makes room is.
bool lane::may_send_sequenced() const noexcept
{
    return hello_sent_ && !failed_ && !resuming_ && !log_.replaying() &&
           replay_room_bytes() >= frame_header_bytes + payload_bytes_max_least;
}

/// A frame of the lane's order: counted, and kept until it is acknowledged.
template <class Append>
void lane::append_sequenced(const Append& append)
{
    const auto begin = scratch_.size();
    append();
    ++next_seq_;
    if (logging_)
        log_.append(byte_view(scratch_).subspan(begin));
}

void lane::poll_control(flat_buffer& out, std::size_t bytes_max, time_point now)
{
    scratch_.clear();
    append_link_control(now);
    append_lane_control();
    while (may_send_sequenced() && !control_.empty() && scratch_.size() < bytes_max) {
        auto& s = control_.front();
        control_.pop_front();
        append_stream_control(s);
    }
    // The last word: what ends the streams goes before it.
    if (may_send_sequenced() && close_pending_ && !close_written_ && control_.empty()) {
        append_sequenced([&] {
            append_reason(scratch_, frame_type::close, stream_id{}, *close_pending_);
        });
        close_written_ = true;
    }
    if (!scratch_.empty() && unacked_since_ == time_point::max() && next_seq_ > peer_acked_seq_)
        unacked_since_ = now;
    out.append(scratch_);
}

void lane::poll_replay(flat_buffer& out, std::size_t bytes_max)
{
    if (!hello_sent_ || resuming_ || failed_)
        return;
    const auto before = out.size();
    log_.poll_replay(out, bytes_max);
    counters_.replayed_bytes += out.size() - before;
}

void lane::append_link_control(time_point now)
{
    if (hello_error_pending_) {
        append_hello_err(scratch_, *hello_error_pending_);
        hello_error_pending_.reset();
        return;
    }
    if (hello_pending_) {
        if (settings_.role == side::accepting && counters_.resumes > 0)
            hello_pending_->recv_seq = recv_seq_;
        if (resuming_ || counters_.resumes > 0)
            hello_pending_->next_seq = next_seq_;
        append_hello(scratch_, *hello_pending_);
        hello_pending_.reset();
        hello_sent_ = true;
    }
    if (failed_) {
        if (!failure_written_)
            append_reason(scratch_, frame_type::lane_err, stream_id{}, *failed_);
        failure_written_ = true;
        return;
    }
    if (!hello_sent_)
        return;

    if (recv_seq_ != ack_sent_seq_) {
        append_u64(scratch_, frame_type::ack, stream_id{}, recv_seq_);
        ack_sent_seq_ = recv_seq_;
        unacked_received_bytes_ = 0;
        ack_pending_ = false;
        ack_due_ = time_point::max();
    }
    if (pong_pending_) {
        const auto held =
            std::chrono::duration_cast<std::chrono::microseconds>(now - pong_pending_->received);
        append_pong(
            scratch_,
            {pong_pending_->echo,
             static_cast<std::uint32_t>(held.count()),
             counters_.received_bytes - received_before_link_}
        );
        pong_pending_.reset();
    }
    if (ping_pending_) {
        ping_sent_ = now;
        ping_outstanding_ = true;
        ping_pending_ = false;
        append_u64(
            scratch_,
            frame_type::ping,
            stream_id{},
            static_cast<std::uint64_t>(now.time_since_epoch().count())
        );
    }
}

void lane::append_lane_control()
{
    if (!may_send_sequenced())
        return;
    if (refunded_to_peer_ > granted_to_peer_) {
        granted_to_peer_ = refunded_to_peer_;
        const auto granted = static_cast<std::uint32_t>(granted_to_peer_);
        append_sequenced([&] {
            append_u32(scratch_, frame_type::max_streams, stream_id{}, granted);
        });
    }
    if (drain_pending_) {
        append_sequenced([&] { append_drain(scratch_, *drain_pending_); });
        drain_pending_.reset();
    }
}

void lane::append_stream_control(stream& s)
{
    const auto pending = s.pending;
    s.pending = 0;
    if ((pending & (pending_open | pending_open_ok | pending_open_fail)) != 0) {
        append_sequenced([&] { append_introduction(s, pending); });
        s.details.reset();
        s.introduced = true;
    }
    if ((pending & pending_window) != 0)
        append_sequenced([&] { append_u64(scratch_, frame_type::window, s.id, s.in.limit()); });
    if ((pending & pending_reset) != 0) {
        const reset_frame reset{static_cast<std::uint16_t>(s.reset_code), s.sent_bytes};
        append_sequenced([&] { append_reset(scratch_, s.id, s.reset_flags, reset); });
    }
    if (s.state == stream_state::tomb)
        tombs_.emplace_back(next_seq_, s.id);
    else if (sendable(s))
        schedule_.activate(s);
}

/// The first frame of our side of a stream.
void lane::append_introduction(stream& s, std::uint8_t pending)
{
    auto& details = *s.details;
    if ((pending & pending_open) != 0) {
        details.request.early = details.early;
        append_open(scratch_, s.id, details.request, details.fin);
    } else if ((pending & pending_open_ok) != 0) {
        // The limit of now: what was consumed since accept() asked for no WINDOW, this frame tells.
        details.answer.limit = static_cast<std::uint32_t>(s.in.limit());
        append_open_ok(scratch_, s.id, details.answer);
    } else {
        append_reason(scratch_, frame_type::open_fail, s.id, details.why);
    }
}

bool lane::sendable(const stream& s) const noexcept
{
    if (!s.ready || !s.introduced || s.fin_sent || s.state == stream_state::tomb)
        return false;
    const auto credit = s.send_limit - s.sent_bytes;
    return credit >= credit_bytes_min || (credit > 0 && s.sent_bytes == 0);
}

std::optional<lane::send_slot> lane::poll_data(std::size_t room_bytes) noexcept
{
    if (!may_send_sequenced() || room_bytes <= frame_header_bytes)
        return std::nullopt;
    auto* const s = schedule_.next([this](const stream& candidate) { return sendable(candidate); });
    if (s == nullptr)
        return std::nullopt;
    const auto most = std::min<std::uint64_t>({
        s->send_limit - s->sent_bytes,
        chunk_bytes_,
        peer_.payload_bytes_max,
        std::min(room_bytes, replay_room_bytes()) - frame_header_bytes,
    });
    return send_slot{s->id, s->tag, static_cast<std::size_t>(most)};
}

bool lane::commit_data(
    stream_id id, std::size_t bytes, bool fin, mutable_bytes frame, time_point now
)
{
    auto* const s = find(id);
    BOOST_ASSERT(s != nullptr && (bytes > 0 || fin));
    BOOST_ASSERT(frame.size() >= frame_header_bytes + bytes);
    encode_header(
        {
            .type = static_cast<std::uint8_t>(frame_type::data),
            .flags = fin ? flag_fin : std::uint8_t{0},
            .payload_bytes = static_cast<std::uint16_t>(bytes),
            .stream = id,
        },
        frame.first<frame_header_bytes>()
    );
    ++next_seq_;
    if (logging_)
        log_.append(frame.first(frame_header_bytes + bytes));
    if (unacked_since_ == time_point::max())
        unacked_since_ = now;
    s->sent_bytes += bytes;
    s->last_activity = now;
    mark_busy(now);
    schedule_.charge(*s, bytes + frame_header_bytes);
    if (!fin)
        return sendable(*s);
    s->fin_sent = true;
    s->ready = false;
    if (!s->fin_received) {
        s->linger_due = now + settings_.half_close_linger;
        half_closed_.push_back(*s);
    }
    end_if_done(*s);
    return false;
}

}  // namespace penstock::mux
