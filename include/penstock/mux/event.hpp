#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/mux/hello.hpp>
#include <penstock/mux/payload.hpp>

#include <string>
#include <variant>

namespace penstock::mux {

/// The owner's own pointer to what it keeps for a stream; a lane carries it and never looks at it.
using stream_tag = void*;

struct peer_ready {  ///< the peer's HELLO; the accepting side answers with send_hello()
    hello peer;
};
struct peer_refused {  ///< HELLO_ERR: the link will be closed
    hello_err_frame why;
};
struct open_requested {  ///< dial, then accept() or refuse(); `early` and `fin` are the first data
                         ///< of the stream
    stream_id id;
    open_frame request;
    bool fin;
};
struct stream_opened {
    stream_id id;
    stream_tag tag;
    open_ok_frame answer;
};
struct open_refused {  ///< the stream is gone
    stream_id id;
    stream_tag tag;
    failure code;
    std::string text;
};
struct stream_data {  ///< report with consumed() when the octets have left; borrowed until the next
                      ///< call
    stream_id id;
    stream_tag tag;
    byte_view octets;
    bool fin;
};
struct stream_reset {  ///< the stream is gone, in both directions
    stream_id id;
    stream_tag tag;
    failure code;
};
struct peer_draining {  ///< no new streams on this lane; those that are open go on
    drain_frame why;
};
struct link_leaving {  ///< this link goes away, the lane does not: it had better get another one
    std::uint32_t deadline_ms;
};
struct lane_ended {  ///< CLOSE (code 0 and up) or LANE_ERR (32 and up) from the peer
    reason why;
    bool by_error;
};

using event = std::variant<
    peer_ready,
    peer_refused,
    open_requested,
    stream_opened,
    open_refused,
    stream_data,
    stream_reset,
    peer_draining,
    link_leaving,
    lane_ended>;

}  // namespace penstock::mux
