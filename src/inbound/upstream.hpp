#pragma once

#include <memory>
#include <string>

#include "session.hpp"

namespace penstock::inbound {

/// Our end of a stream over which plain HTTP is spoken; the other end of the socket pair is
/// attached to it.
struct upstream {
    target destination;
    std::string user;  ///< on whose behalf it was opened; nobody else's request may use it
    io::stream_socket socket;
    std::shared_ptr<stream_end> end;
    flat_buffer received;  ///< from the target, not used yet
};

/// Opens a stream for `request` and sets `made` on success. Nothing if the client went away
/// meanwhile.
asio::awaitable<std::optional<open_outcome>>
connect_upstream(session& s, open_request request, std::unique_ptr<upstream>& made);

/// Whether another request may be sent on it: the target neither closed nor said anything since its
/// last answer.
[[nodiscard]] bool is_reusable(upstream& kept) noexcept;

/// After EOF: whether the target ended its direction with FIN. If the stream was reset, or lost
/// with the link, what came before EOF may be a part of what the target wanted to say.
[[nodiscard]] bool ended_cleanly(upstream& at_eof) noexcept;

}  // namespace penstock::inbound
