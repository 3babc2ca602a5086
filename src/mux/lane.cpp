#include <penstock/mux/lane.hpp>

#include <boost/assert.hpp>

#include <algorithm>

namespace penstock::mux {
namespace {

/// Settings below what the peer may use without having asked would punish it for that.
lane_settings at_least_the_constants(lane_settings s) noexcept
{
    s.streams_max = std::max(s.streams_max, streams_before_hello);
    s.init_limit_bytes = std::max(s.init_limit_bytes, limit_before_hello);
    s.first_window_bytes = std::max(s.first_window_bytes, window_bytes_floor);
    // A timer that is set again to no later than now would never let the others run.
    constexpr std::chrono::milliseconds shortest{10};
    for (auto* const interval : {&s.ping_interval, &s.ping_interval_busy, &s.half_close_linger})
        *interval = std::max(*interval, shortest);
    s.failed_streams_per_s = std::max(s.failed_streams_per_s, 1U);
    s.failed_streams_burst = std::max(s.failed_streams_burst, 1U);
    return s;
}

/// Frames without effect that an honest peer may send in a burst: late ones of streams that were
/// reset.
constexpr std::uint32_t ignored_per_s = 1'000;
constexpr std::uint32_t ignored_burst = 5'000;
constexpr std::uint32_t pings_per_s = 10;
constexpr std::uint32_t pings_burst = 20;

std::uint8_t weight_of(stream_class priority) noexcept
{
    switch (priority) {
    case stream_class::interactive:
        return 4;
    case stream_class::normal:
        return 2;
    case stream_class::bulk:
        return 1;
    }
    return 2;
}

}  // namespace

lane::lane(const lane_settings& settings, budget_lease& budget, time_point now)
    : settings_(at_least_the_constants(settings)), budget_(budget), reader_(payload_bytes_max),
      ignored_budget_(ignored_per_s, ignored_burst, now),
      ping_budget_(pings_per_s, pings_burst, now),
      failed_budget_(settings_.failed_streams_per_s, settings_.failed_streams_burst, now),
      next_id_(settings.role == side::connecting ? 1 : 2), granted_to_us_(streams_before_hello),
      granted_to_peer_(settings_.streams_max), refunded_to_peer_(settings_.streams_max),
      log_(budget), logging_(settings.replay_bytes_max > 0), next_ping_(now), last_received_(now),
      attached_since_(now), random_(settings.seed)
{
    peer_.init_limit_bytes = limit_before_hello;
}

lane::~lane()
{
    budget_.give(buffered_bytes_);
    budget_.add_receiving(-static_cast<std::ptrdiff_t>(receiving_.size()));
}

void lane::send_hello(hello h)
{
    h.role = settings_.role;
    h.init_limit_bytes = settings_.init_limit_bytes;
    h.streams_max = settings_.streams_max;
    h.replay_bytes_max = settings_.replay_bytes_max;
    h.resume_timeout_s = static_cast<std::uint32_t>(settings_.resume_timeout.count());
    hello_pending_ = std::move(h);
}

void lane::detach()
{
    BOOST_ASSERT(resumable());
    resuming_ = resuming_ || hello_received_;
    reader_ = frame_reader(payload_bytes_max);
    log_.trim();
    hello_pending_.reset();
    hello_error_pending_.reset();
    pong_pending_.reset();
    ping_pending_ = ping_outstanding_ = ack_pending_ = suspect_ = false;
    hello_sent_ = hello_received_ = link_draining_ = false;
    // The next HELLO tells what was received, and the peer's what was not.
    ack_sent_seq_ = recv_seq_;
    unacked_received_bytes_ = 0;
    received_before_link_ = counters_.received_bytes;
    ack_due_ = unacked_since_ = time_point::max();
}

bool lane::resume(const hello& peer, std::uint64_t peer_recv_seq, time_point now)
{
    BOOST_ASSERT(resuming_ && !hello_received_);
    if (!carry_on(peer_recv_seq, peer, now))
        return false;
    take_terms(peer);
    hello_received_ = true;
    return true;
}

/// The peer's numbers are only ever compared with our own counters, never a size of anything
/// (CVE-2016-0777).
bool lane::carry_on(std::uint64_t peer_recv_seq, const hello& peer, time_point now)
{
    if (peer_recv_seq < peer_acked_seq_ || peer_recv_seq > next_seq_)
        return false;
    if (!peer.next_seq || *peer.next_seq < recv_seq_)
        return false;
    peer_replays_to_ = *peer.next_seq;
    acknowledged(peer_recv_seq, now);
    log_.rewind();
    last_received_ = attached_since_ = next_ping_ = now;
    resuming_ = false;
    ++counters_.resumes;
    return true;
}

void lane::send_hello_error(hello_err_frame err) { hello_error_pending_ = std::move(err); }

std::size_t lane::early_bytes_max() const noexcept
{
    return std::min<std::size_t>(peer_.init_limit_bytes, payload_bytes_max - open_payload_max);
}

std::optional<stream_id> lane::open(open_frame request, stream_tag tag, time_point now)
{
    BOOST_ASSERT(request.early.size() <= early_bytes_max());
    if (!can_open() || request.early.size() > early_bytes_max())
        return std::nullopt;
    const stream_id id{next_id_};
    next_id_ += 2;
    ++opened_by_us_;
    ++counters_.streams_opened;

    const auto window = first_window();
    auto s = std::make_unique<stream>(id, stream_state::opening, window, now);
    promise(*s, window);
    s->tag = tag;
    s->local = true;
    s->weight = weight_of(request.priority);
    s->send_limit = peer_.init_limit_bytes;
    s->sent_bytes = request.early.size();
    s->last_activity = now;
    s->details = std::make_unique<open_details>();
    s->details->early.assign(request.early.begin(), request.early.end());
    s->details->request = std::move(request);
    s->details->request.limit = window;
    queue_control(*s, pending_open);
    streams_.emplace(static_cast<std::uint32_t>(id), std::move(s));
    return id;
}

void lane::set_tag(stream_id id, stream_tag tag) noexcept
{
    if (auto* const s = find(id))
        s->tag = tag;
}

void lane::accept(stream_id id, open_ok_frame answer, time_point now)
{
    auto* const s = find(id);
    if (s == nullptr || s->state != stream_state::dialing)
        return;
    s->details = std::make_unique<open_details>();
    s->details->answer = std::move(answer);
    s->state = stream_state::open;
    s->last_activity = now;
    queue_control(*s, pending_open_ok);
}

void lane::refuse(stream_id id, failure code, std::string_view text)
{
    auto* const s = find(id);
    if (s == nullptr || s->state != stream_state::dialing)
        return;
    s->details = std::make_unique<open_details>();
    s->details->why = {
        static_cast<std::uint16_t>(code), std::string(text.substr(0, reason_text_max))
    };
    bury(*s, pending_open_fail);
}

bool lane::set_ready(stream_id id, bool ready) noexcept
{
    auto* const s = find(id);
    if (s == nullptr)
        return false;
    s->ready = ready;
    if (!sendable(*s))
        return false;
    schedule_.activate(*s);
    return true;
}

void lane::consumed(stream_id id, std::size_t bytes, time_point now)
{
    auto* const s = find(id);
    if (s == nullptr || s->state == stream_state::tomb || bytes == 0)
        return;
    BOOST_ASSERT(bytes <= s->in.buffered());
    buffered_bytes_ -= bytes;
    budget_.give(bytes);
    s->last_activity = now;
    s->unread_since = now;
    const auto window = terms();
    path_.add(bytes, window.round_trip, now);
    repay(*s, bytes);
    if (s->in.consume(bytes, window, now) && !s->fin_received && s->introduced)
        queue_control(*s, pending_window);
    end_if_done(*s);
}

void lane::reset(stream_id id, failure code)
{
    auto* const s = find(id);
    if (s == nullptr || s->state == stream_state::tomb)
        return;
    ++counters_.streams_reset;
    if ((s->pending & pending_open) != 0) {
        // The peer never heard of it; an id that is skipped is no error.
        --opened_by_us_;
        forget(*s);
        return;
    }
    s->reset_code = code;
    s->reset_flags = flag_abort | flag_stop;
    // OPEN_OK that was not written yet: the RESET says it all.
    bury(*s, pending_reset);
}

void lane::drain(std::chrono::milliseconds deadline, std::string_view text)
{
    if (draining_)
        return;
    draining_ = true;
    drain_pending_ = drain_frame{
        .last_stream = peer_id_last_,
        .deadline_ms = static_cast<std::uint32_t>(deadline.count()),
        .why = {0, std::string(text)},
    };
}

void lane::close(std::string_view text)
{
    if (!close_pending_)
        close_pending_ = reason{0, std::string(text)};
}

bool lane::can_open() const noexcept
{
    return !failed_ && !draining_ && !peer_draining_ && !link_draining_ && !close_pending_ &&
           opened_by_us_ < granted_to_us_ && next_id_ < stream_id_end;
}

}  // namespace penstock::mux
