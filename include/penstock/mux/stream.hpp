#pragma once

#include <penstock/mux/event.hpp>
#include <penstock/mux/receive_window.hpp>

#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <memory>

namespace penstock::mux {

/// PROTOCOL.md, stream states; HALF_L and HALF_R are open with fin_sent or fin_received.
enum class stream_state : std::uint8_t { opening, dialing, open, tomb };

/// Control frames that a stream still has to send. State, not a queue: however often something
/// happens, one frame tells.
enum pending_frame : std::uint8_t {
    pending_open = 1,
    pending_open_ok = 2,
    pending_open_fail = 4,
    pending_window = 8,
    pending_reset = 16,
};

struct schedule_tag;
struct control_tag;
struct linger_tag;
template <class Tag>
using auto_hook = boost::intrusive::list_base_hook<
    boost::intrusive::tag<Tag>,
    boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// What OPEN, OPEN_OK or OPEN_FAIL will say; gone once it is written, so that an open stream does
/// not carry it.
struct open_details {
    open_frame request;
    octets early;
    open_ok_frame answer;
    reason why;
    bool fin = false;
};

/// One stream of a lane. A record without behaviour: the lane decides.
struct stream : auto_hook<schedule_tag>, auto_hook<control_tag>, auto_hook<linger_tag> {
    stream(stream_id i, stream_state s, std::uint32_t first_window, time_point now) noexcept
        : in(first_window, now), id(i), state(s)
    {
    }

    stream_tag tag = nullptr;
    receive_window in;
    std::uint64_t sent_bytes = 0;
    std::uint64_t send_limit = 0;  ///< absolute, what the peer granted
    std::uint64_t tomb_seq = 0;    ///< forgotten when the peer has acknowledged this frame
    time_point last_activity{};
    time_point linger_due{};    ///< when a half-closed stream is looked at
    time_point unread_since{};  ///< when the consumer last took something, or had nothing to take
    std::unique_ptr<open_details> details;
    std::uint32_t promised_bytes = 0;  ///< its first window beyond the usual, not yet consumed
    std::int32_t deficit = 0;
    stream_id id;
    failure reset_code = failure::none;
    stream_state state;
    std::uint8_t pending = 0;  ///< pending_frame bits
    std::uint8_t reset_flags = 0;
    std::uint8_t weight = 2;
    bool local = false;  ///< we opened it
    bool ready = false;  ///< its source may have octets
    bool is_new =
        true;  ///< not yet served since it became active (RFC 8290: the list of new queues)
    bool resting = false;     ///< among the old ones only to use up its quantum (scheduler.cpp)
    bool introduced = false;  ///< its OPEN or OPEN_OK is written, DATA may follow
    bool fin_sent = false;
    bool fin_received = false;
    bool failed = false;  ///< ended by OPEN_FAIL or RESET: its grant comes back at a bounded rate
    bool receiving = false;  ///< counted among those that share the budget
};

}  // namespace penstock::mux
