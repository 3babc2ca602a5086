// What time brings: acknowledgements, heartbeat, the end of a silent link, streams that linger or
// hold too much.
#include <penstock/mux/lane.hpp>

#include <algorithm>
#include <utility>

namespace penstock::mux {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

/// Whose consumer has not moved for this long may be ended when memory is all but used up.
constexpr seconds shed_after{5};

}  // namespace

/// Since when the peer owes us an answer and has sent nothing at all; max(): it owes nothing.
time_point lane::silent_since() const noexcept
{
    auto due_since = unacked_since_;
    if (ping_outstanding_)
        due_since = std::min(due_since, ping_sent_);
    return due_since == time_point::max() ? due_since : std::max(due_since, last_received_);
}

/// Four round trips are no silence, nor is what a radio link does to save power.
clock::duration lane::suspicion_delay() const noexcept
{
    const auto patience = std::max<clock::duration>(settings_.suspect_after, 4 * rtt_.smoothed());
    return std::min<clock::duration>(patience, settings_.link_timeout / 2);
}

void lane::probe(bool suspect) noexcept
{
    if (!hello_received_)
        return;
    ping_pending_ = ping_pending_ || !ping_outstanding_;
    suspect_ = suspect_ || suspect;
}

/// When a peer that has acknowledged nothing new, but is alive, has done so for too long. max():
/// not by what was heard of it so far, since a silent one may be cut off, and has the link's
/// time-out.
time_point lane::ack_overdue_at() const noexcept
{
    if (unacked_since_ == time_point::max())
        return unacked_since_;
    const auto due = unacked_since_ + settings_.ack_overdue;
    return due - last_received_ < settings_.ack_overdue / 2 ? due : time_point::max();
}

void lane::handle_sign_of_life(time_point now) noexcept
{
    // What it was told during a silence it may hear of only now.
    if (unacked_since_ != time_point::max() &&
        now - std::max(last_received_, unacked_since_) >= settings_.ack_overdue / 2)
        unacked_since_ = now;
    last_received_ = now;
    suspect_ = false;
}

time_point lane::next_deadline() const noexcept
{
    if (failed_)
        return time_point::max();
    if (resuming_)
        return std::min(next_recount_, refund_due_);
    auto due = std::min({next_ping_, next_recount_, refund_due_, ack_due_, ack_overdue_at()});
    if (const auto silent = silent_since(); silent != time_point::max()) {
        const bool next_is_the_end = suspect_ || !hello_received_;
        due =
            std::min(due, silent + (next_is_the_end ? settings_.link_timeout : suspicion_delay()));
    }
    if (!half_closed_.empty())
        due = std::min(due, half_closed_.front().linger_due);
    return due;
}

bool lane::handle_timeout(time_point now)
{
    if (failed_)
        return false;
    if (!resuming_ && handle_link_timeout(now))
        return true;
    if (now >= refund_due_)
        release_refunds(now);
    if (now >= next_recount_)
        recount_receiving(now);
    return false;
}

/// What is due while there is a link. True: it is lost.
bool lane::handle_link_timeout(time_point now)
{
    if (const auto silent = silent_since(); silent != time_point::max()) {
        if (now - silent >= settings_.link_timeout)
            return true;
        // Ask before giving up (PROTOCOL.md, liveness).
        if (!suspect_ && now - silent >= suspicion_delay())
            probe(true);
    }
    if (now >= ack_overdue_at()) {
        fail(errc::bad_state, "an ACK is overdue though the link is alive");
        return false;
    }
    if (now >= ack_due_) {
        ack_pending_ = true;
        ack_due_ = time_point::max();
    }
    if (now >= next_ping_) {
        if (hello_received_ && !ping_outstanding_)
            ping_pending_ = true;
        next_ping_ = now + ping_interval();
        if (!std::exchange(busy_since_ping_, false))
            log_.trim();
    }
    end_lingering(now);
    return false;
}

std::optional<event> lane::poll_event()
{
    if (timed_out_.empty())
        return std::nullopt;
    auto next = std::move(timed_out_.back());
    timed_out_.pop_back();
    return next;
}

/// Data flows: the round trip is needed now, not when the idle link's heartbeat comes.
void lane::mark_busy(time_point now) noexcept
{
    if (std::exchange(busy_since_ping_, true))
        return;
    next_ping_ = std::min(next_ping_, now + settings_.ping_interval_busy);
}

/// Two ends that started together must not ping in step for ever: +-20 %.
milliseconds lane::ping_interval() noexcept
{
    random_ = random_ * 1'664'525 + 1'013'904'223;  // a linear congruence; jitter needs no more
    const auto base = busy_since_ping_ ? settings_.ping_interval_busy : settings_.ping_interval;
    return base * (80 + (random_ >> 16) % 41) / 100;
}

/// Grants of streams that failed or were reset come back at a bounded rate: opening and resetting
/// for ever (CVE-2023-44487) is slowed to it, and a burst of honest failures costs nothing.
void lane::release_refunds(time_point now)
{
    while (refunds_held_ > 0 && failed_budget_.take(now)) {
        --refunds_held_;
        ++refunded_to_peer_;
    }
    refund_due_ = refunds_held_ > 0 ? failed_budget_.next(now) : time_point::max();
}

void lane::end_by_timeout(stream& s, failure code)
{
    timed_out_.emplace_back(stream_reset{s.id, s.tag, code});
    reset(s.id, code);
}

void lane::end_lingering(time_point now)
{
    while (!half_closed_.empty() && half_closed_.front().linger_due <= now) {
        auto& s = half_closed_.front();
        half_closed_.pop_front();
        // While we hold octets of it, it is our consumer that is silent, not the peer.
        // Nor was it while there was no link.
        const auto heard = std::max(s.last_activity, attached_since_);
        const bool silent = now - heard >= settings_.half_close_linger;
        if (silent && s.in.buffered() == 0) {
            end_by_timeout(s, failure::idle_timeout);
            continue;
        }
        // Alive, so it is looked at again a whole period later: the list stays in order without a
        // search.
        s.linger_due = now + settings_.half_close_linger;
        half_closed_.push_back(s);
    }
}

void lane::recount_receiving(time_point now)
{
    const auto recent = now - std::max<clock::duration>(2 * rtt_.for_windows(), recount_interval);
    const auto gone = std::erase_if(receiving_, [&](stream_id id) {
        auto* const s = find(id);
        if (s != nullptr && s->last_activity >= recent)
            return false;
        if (s != nullptr)
            s->receiving = false;
        return true;
    });
    budget_.add_receiving(-static_cast<std::ptrdiff_t>(gone));
    shed_for_memory(now);
    const bool more = !receiving_.empty() || buffered_bytes_ > 0;
    next_recount_ = more ? now + recount_interval : time_point::max();
}

/// Nearly nothing of the budget is left: the stream that holds most and whose consumer stands still
/// gives way.
void lane::shed_for_memory(time_point now)
{
    const auto& whole = budget_.whole();
    if (whole.used_bytes() < whole.limit_bytes() / 20 * 19)
        return;
    stream* largest = nullptr;
    for (const auto& [id, s] : streams_) {
        if (s->state == stream_state::tomb)
            continue;  // what comes for it is counted against its credit, and not held
        const bool stands_still = s->in.buffered() > 0 && now - s->unread_since >= shed_after;
        if (stands_still && (largest == nullptr || s->in.buffered() > largest->in.buffered()))
            largest = s.get();
    }
    if (largest != nullptr)
        end_by_timeout(*largest, failure::shed_for_memory);
}

}  // namespace penstock::mux
