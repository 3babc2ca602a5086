#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/base/memory_budget.hpp>
#include <penstock/mux/error.hpp>
#include <penstock/mux/event.hpp>
#include <penstock/mux/frame_reader.hpp>
#include <penstock/mux/path_capacity.hpp>
#include <penstock/mux/replay_log.hpp>
#include <penstock/mux/rtt.hpp>
#include <penstock/mux/scheduler.hpp>
#include <penstock/mux/stream.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::mux {

/// PROTOCOL.md, limits; the figures' reasons stand there.
struct lane_settings {
    side role = side::connecting;
    std::uint32_t streams_max = 4'096;  ///< concurrent, opened by the peer
    std::uint32_t init_limit_bytes = 16 * 1024;
    std::uint32_t first_window_bytes = window_bytes_first;
    std::uint64_t window_bytes_max = 16 * 1024 * 1024;
    std::chrono::milliseconds ping_interval{15'000};
    std::chrono::milliseconds ping_interval_busy{2'000};
    std::chrono::milliseconds suspect_after{2'000};  ///< of silence; at most half of link_timeout
    std::chrono::milliseconds link_timeout{8'000};
    std::chrono::milliseconds ack_delay{25};
    std::chrono::milliseconds ack_overdue{30'000};
    std::chrono::milliseconds half_close_linger{120'000};
    std::uint32_t failed_streams_per_s = 100;  ///< rate at which grants of failed streams come back
    std::uint32_t failed_streams_burst = 500;
    std::uint64_t replay_bytes_max = 0;      ///< kept for a resume; 0: a lost link ends the lane
    std::chrono::seconds resume_timeout{0};  ///< how long the lane waits for another link
    std::uint32_t seed = 1;                  ///< jitter of the heartbeat
};

/// Counted, never reset; for the log and for status.
struct lane_counters {
    std::uint64_t received_bytes = 0;
    std::uint64_t streams_opened = 0;
    std::uint64_t streams_reset = 0;
    std::uint64_t ignored_frames = 0;
    std::uint64_t resumes = 0;
    std::uint64_t replayed_bytes = 0;
};

/// Protocol state of one lane: octets and times in, octets and events out. Does no I/O, reads no
/// clock.
///
/// Order of calls:
///   handle_*   something happened outside: octets arrived, a deadline passed
///   verbs      the owner wants something: open, accept, refuse, consumed, reset, drain
///   poll_*     what to send next; the owner reads a stream's octets itself, straight behind the
///   frame header queries    const, any time
/// An error of handle_* ends the lane: send what poll_control() still yields, then drop the link.
///
/// A lost link does not end a lane whose two sides keep a replay log: detach(), and when there is
/// another link, on the connecting side send_hello() with a resume, on the accepting side resume()
/// and then send_hello().
/// Lifetime: the lease must outlive the lane.
class lane {
public:
    lane(const lane_settings& settings, budget_lease& budget, time_point now);
    ~lane();
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;

    /// Takes whole frames from the front of `input`, a piece of message payload, until there is an
    /// event or `input` is empty. Call until it reports nothing.
    [[nodiscard]] result<std::optional<event>> handle_octets(byte_view& input, time_point now);
    [[nodiscard]] error_code handle_message_end();
    /// Call when next_deadline() has passed. True: the link is lost (nothing came though something
    /// is due).
    [[nodiscard]] bool handle_timeout(time_point now);
    /// Streams that a timeout ended; call until nothing after handle_timeout().
    [[nodiscard]] std::optional<event> poll_event();
    /// A sign of life that carries no frame (a WebSocket ping or pong).
    void handle_sign_of_life(time_point now) noexcept;
    /// Something outside says that the link may be dead: the peer is asked at once. `suspect`: it
    /// probably is, and suspect() holds until something comes.
    void probe(bool suspect = false) noexcept;
    /// The peer says that this link goes away (LINK_DRAIN).
    [[nodiscard]] bool link_draining() const noexcept { return link_draining_; }
    /// Silent for longer than it should be, though not long enough to be given up: worth looking
    /// for another link.
    [[nodiscard]] bool suspect() const noexcept { return suspect_; }

    /// The link is gone. Streams, credit and counts stay; what was cut off inside a frame is
    /// forgotten, since the peer sends that frame again. Verbs about streams may go on.
    void detach();
    /// Accepting side, detached: the peer's HELLO came over another link and says that it has
    /// everything below `peer_recv_seq`. False: that cannot be, and the lane is of no use any more.
    [[nodiscard]] bool resume(const hello& peer, std::uint64_t peer_recv_seq, time_point now);
    /// Whether both sides keep what they sent until it is acknowledged.
    [[nodiscard]] bool resumable() const noexcept
    {
        return !failed_ && !peer_ended_ && !close_pending_ && logging_ &&
               peer_.replay_bytes_max > 0;
    }
    /// How long both sides keep the lane without a link.
    [[nodiscard]] std::chrono::seconds resume_timeout() const noexcept
    {
        return std::min(settings_.resume_timeout, std::chrono::seconds(peer_.resume_timeout_s));
    }
    /// Sequenced frames received and dispatched: what a resume announces.
    [[nodiscard]] std::uint64_t recv_seq() const noexcept { return recv_seq_; }

    /// The first frame to send on a link; before it nothing leaves. Role, grant, early credit and
    /// replay are the lane's own: what it tells is what it holds the peer to.
    void send_hello(hello h);
    void send_hello_error(hello_err_frame err);
    /// Octets that OPEN can take along: what the peer grants them, and what fits its frame.
    [[nodiscard]] std::size_t early_bytes_max() const noexcept;
    /// `request.early` may hold early_bytes_max() octets; the rest goes as DATA. Nothing: the
    /// peer's grant is used up, or the lane drains.
    [[nodiscard]] std::optional<stream_id> open(open_frame request, stream_tag tag, time_point now);
    void set_tag(stream_id id, stream_tag tag) noexcept;
    void accept(stream_id id, open_ok_frame answer, time_point now);
    void refuse(stream_id id, failure code, std::string_view text);
    /// The stream's source may have octets (true), or was found empty (false). True: they may be
    /// sent now.
    bool set_ready(stream_id id, bool ready) noexcept;
    /// `bytes` of the stream's data have left towards their consumer.
    void consumed(stream_id id, std::size_t bytes, time_point now);
    /// Ends both directions with a RESET; what was received and not consumed is dropped.
    void reset(stream_id id, failure code);
    void drain(std::chrono::milliseconds deadline, std::string_view text);
    void close(std::string_view text);
    /// Largest DATA payload from now on; the owner follows the link's rate with it.
    void set_chunk_bytes(std::size_t bytes) noexcept { chunk_bytes_ = bytes; }

    /// Whether there is anything to send now.
    [[nodiscard]] bool wants_to_send() const noexcept;
    /// Appends whole control frames, about `bytes_max` octets of them.
    void poll_control(flat_buffer& out, std::size_t bytes_max, time_point now);
    /// After a resume, behind poll_control(): appends whole frames that the peer did not get, about
    /// `bytes_max` octets of them; nothing else that is sequenced leaves before they have.
    void poll_replay(flat_buffer& out, std::size_t bytes_max);

    struct send_slot {
        stream_id id;
        stream_tag tag;
        std::size_t payload_bytes_max;  ///< read at most this much, then call commit_data() or
                                        ///< set_ready(id, false)
    };
    [[nodiscard]] std::optional<send_slot> poll_data(std::size_t room_bytes) noexcept;
    /// The owner has put `bytes` of the stream into `frame`, behind room for the header. `fin`: the
    /// source has ended. False: the peer takes no more of this stream for now.
    bool
    commit_data(stream_id id, std::size_t bytes, bool fin, mutable_bytes frame, time_point now);

    [[nodiscard]] time_point next_deadline() const noexcept;
    [[nodiscard]] bool ready() const noexcept { return hello_sent_ && hello_received_; }
    [[nodiscard]] bool can_open() const noexcept;
    /// The peer allows no further stream for now; only a MAX_STREAMS changes that.
    [[nodiscard]] bool grant_used_up() const noexcept { return opened_by_us_ >= granted_to_us_; }
    /// Few streams are left of those that the peer takes at the same time.
    [[nodiscard]] bool crowded() const noexcept
    {
        return streams_.size() >= peer_.streams_max - peer_.streams_max / 8;
    }
    /// The peer has said in its DRAIN that it takes no stream so high: it did nothing for ours, and
    /// whoever opened it may do so again on another lane.
    [[nodiscard]] bool never_looked_at(stream_id ours) const noexcept
    {
        return static_cast<std::uint32_t>(ours) > peer_last_stream_;
    }
    [[nodiscard]] bool failed() const noexcept { return failed_.has_value(); }
    [[nodiscard]] const std::optional<reason>& failure_reason() const noexcept { return failed_; }
    /// What was sent over an earlier link is being sent again, by us or by the peer: new frames
    /// come behind it.
    [[nodiscard]] bool replaying() const noexcept
    {
        return log_.replaying() || recv_seq_ < peer_replays_to_;
    }
    [[nodiscard]] std::size_t stream_count() const noexcept { return streams_.size(); }
    [[nodiscard]] std::uint64_t buffered_bytes() const noexcept { return buffered_bytes_; }
    /// Sent and not acknowledged, as far as it is kept: what a resume sends again at most.
    [[nodiscard]] std::size_t replay_bytes() const noexcept { return log_.size_bytes(); }
    /// Memory of the lane: what was received and not consumed, and what is kept for a resume.
    [[nodiscard]] std::size_t held_bytes() const noexcept
    {
        return buffered_bytes_ + log_.size_bytes();
    }
    [[nodiscard]] const rtt_estimator& rtt() const noexcept { return rtt_; }
    [[nodiscard]] const lane_counters& counters() const noexcept { return counters_; }

private:
    /// How often receiving streams are counted and memory is looked after.
    static constexpr std::chrono::milliseconds recount_interval{100};

    using outcome = result<std::optional<event>>;
    using control_list = boost::intrusive::list<
        stream,
        boost::intrusive::base_hook<auto_hook<control_tag>>,
        boost::intrusive::constant_time_size<false>>;
    using linger_list = boost::intrusive::list<
        stream,
        boost::intrusive::base_hook<auto_hook<linger_tag>>,
        boost::intrusive::constant_time_size<false>>;

    // lane_receive.cpp
    outcome handle_frame(const frame_view& frame, time_point now);
    outcome handle_lane_frame(const frame_view& frame, time_point now);
    outcome handle_hello(byte_view payload, time_point now);
    [[nodiscard]] bool carry_on(std::uint64_t peer_recv_seq, const hello& peer, time_point now);
    void take_terms(const hello& peer) noexcept;
    outcome handle_ack(byte_view payload, time_point now);
    void acknowledged(std::uint64_t seq, time_point now);
    void end_tombs();
    outcome handle_ping(byte_view payload, time_point now);
    outcome handle_pong(byte_view payload, time_point now);
    outcome ignore_frame(time_point now);
    error_code fail(errc code, std::string text);

    // lane_streams.cpp
    outcome handle_stream_frame(const frame_view& frame, time_point now);
    outcome handle_late_frame(stream& s, const frame_view& frame, time_point now);
    outcome handle_open(const frame_view& frame, time_point now);
    outcome handle_open_ok(stream& s, byte_view payload);
    outcome handle_open_fail(stream& s, byte_view payload);
    outcome handle_data(stream& s, const frame_view& frame, time_point now);
    outcome handle_window(stream& s, byte_view payload, time_point now);
    outcome handle_reset(stream& s, const frame_view& frame);

    // lane_send.cpp
    void append_link_control(time_point now);
    void append_lane_control();
    void append_stream_control(stream& s);
    void append_introduction(stream& s, std::uint8_t pending);
    template <class Append>
    void append_sequenced(const Append& append);
    [[nodiscard]] std::size_t replay_room_bytes() const noexcept;
    [[nodiscard]] bool may_send_sequenced() const noexcept;
    [[nodiscard]] bool sendable(const stream& s) const noexcept;
    [[nodiscard]] bool grant_is_due() const noexcept;
    [[nodiscard]] std::size_t ack_due_bytes() const noexcept;

    // lane_records.cpp
    [[nodiscard]] stream* find(stream_id id) noexcept;
    void queue_control(stream& s, std::uint8_t frames) noexcept;
    void hold(stream& s, std::size_t bytes, time_point now) noexcept;
    void drop_received(stream& s) noexcept;
    void end_if_done(stream& s);
    void forget(stream& s);
    void bury(stream& s, std::uint8_t frame);
    [[nodiscard]] window_terms terms() const noexcept;
    [[nodiscard]] std::uint32_t first_window() const noexcept;
    void promise(stream& s, std::uint32_t window) noexcept;
    void repay(stream& s, std::uint64_t bytes) noexcept;
    [[nodiscard]] bool is_ours(stream_id id) const noexcept;

    // lane_timers.cpp
    [[nodiscard]] clock::duration suspicion_delay() const noexcept;
    [[nodiscard]] bool handle_link_timeout(time_point now);
    void release_refunds(time_point now);
    void end_lingering(time_point now);
    void recount_receiving(time_point now);
    void shed_for_memory(time_point now);
    void end_by_timeout(stream& s, failure code);
    [[nodiscard]] time_point ack_overdue_at() const noexcept;
    [[nodiscard]] time_point silent_since() const noexcept;
    [[nodiscard]] std::chrono::milliseconds ping_interval() noexcept;
    void mark_busy(time_point now) noexcept;

    lane_settings settings_;
    budget_lease& budget_;
    frame_reader reader_;
    scheduler schedule_;
    boost::unordered_flat_map<std::uint32_t, std::unique_ptr<stream>> streams_;
    control_list control_;     ///< streams with pending control frames, oldest first
    linger_list half_closed_;  ///< by the time at which they were last seen alive, oldest first
    octets scratch_;
    std::optional<reason> failed_;
    hello peer_;
    rtt_estimator rtt_;
    path_capacity path_;
    std::uint64_t promised_bytes_ = 0;  ///< of first windows beyond the usual, not yet consumed
    lane_counters counters_;
    token_bucket ignored_budget_;
    token_bucket ping_budget_;
    token_bucket failed_budget_;

    std::uint32_t next_id_;
    std::uint32_t peer_id_last_ = 0;  ///< highest id the peer opened
    std::uint64_t opened_by_us_ = 0;
    std::uint64_t granted_to_us_;
    std::uint64_t opened_by_peer_ = 0;
    std::uint64_t granted_to_peer_;
    std::uint64_t refunded_to_peer_ = 0;  ///< the grant we could announce
    std::uint32_t refunds_held_ = 0;      ///< of failed streams, waiting for their rate
    std::size_t chunk_bytes_ = 16 * 1024;
    std::uint64_t buffered_bytes_ = 0;

    replay_log log_;  ///< empty unless the lane can be resumed
    bool logging_;
    std::uint64_t next_seq_ = 0;  ///< sequenced frames sent
    std::uint64_t recv_seq_ = 0;  ///< sequenced frames received and dispatched
    std::uint64_t peer_acked_seq_ = 0;
    std::uint64_t peer_replays_to_ = 0;  ///< what the peer sends again ends below this
    std::uint64_t ack_sent_seq_ = 0;
    std::size_t unacked_received_bytes_ = 0;
    std::uint64_t received_before_link_ = 0;                 ///< octets of the links that are gone
    std::deque<std::pair<std::uint64_t, stream_id>> tombs_;  ///< by sequence number, oldest first
    std::vector<event> timed_out_;
    std::vector<stream_id> receiving_;  ///< streams that got data lately; they share the budget

    std::optional<hello> hello_pending_;
    std::optional<hello_err_frame> hello_error_pending_;
    std::optional<drain_frame> drain_pending_;
    std::optional<reason> close_pending_;
    struct pending_pong {
        std::uint64_t echo;
        time_point received;
    };
    std::optional<pending_pong> pong_pending_;
    bool ping_pending_ = false;
    bool ack_pending_ = false;
    bool failure_written_ = false;
    bool close_written_ = false;
    bool hello_sent_ = false;
    bool hello_received_ = false;
    bool resuming_ = false;    ///< a link was lost and the next one has not carried it on yet
    bool peer_ended_ = false;  ///< by CLOSE or LANE_ERR: no other link follows
    bool draining_ = false;    ///< we take no new streams
    bool peer_draining_ = false;
    std::uint32_t peer_last_stream_ = stream_id_end;  ///< of its DRAIN; before that none is beyond
    bool link_draining_ = false;  ///< the peer takes no new streams on this link

    time_point ack_due_ = time_point::max();
    time_point next_ping_;
    time_point ping_sent_{};
    bool suspect_ = false;
    bool ping_outstanding_ = false;
    bool busy_since_ping_ = false;
    time_point last_received_;
    time_point attached_since_;
    time_point unacked_since_ = time_point::max();  ///< our oldest unacknowledged frame, about
    time_point next_recount_ = time_point::max();
    time_point refund_due_ = time_point::max();
    std::uint32_t random_;
};

}  // namespace penstock::mux
