#include "upstream.hpp"

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/socket.h>
#include <utility>

namespace penstock::inbound {

asio::awaitable<std::optional<open_outcome>>
connect_upstream(session& s, open_request request, std::unique_ptr<upstream>& made)
{
    auto destination = request.destination;
    auto user = request.user;
    auto outcome = co_await open_watched(s, std::move(request));
    if (!outcome || outcome->code != failure::none)
        co_return outcome;

    using local = asio::local::stream_protocol;
    local::socket near(s.client.get_executor());
    local::socket far(s.client.get_executor());
    error_code ec;
    asio::local::connect_pair(near, far, ec);
    if (ec) {
        open_outcome full;
        full.code = failure::overloaded;
        full.detail = "no socket pair: " + ec.message();
        co_return std::optional<open_outcome>(std::move(full));
    }
    made = std::make_unique<upstream>(upstream{
        std::move(destination),
        std::move(user),
        io::stream_socket(std::move(near)),
        std::make_shared<stream_end>(),
        {},
    });
    outcome->stream->attach(io::stream_socket(std::move(far)), octets(), made->end);
    co_return outcome;
}

bool is_reusable(upstream& kept) noexcept
{
    // Waiting octets answer no request of ours; they would be taken for the answer to the next one.
    char octet = 0;
    return !kept.end->ended && kept.received.empty() && !is_hung_up(kept.socket) &&
           ::recv(kept.socket.native_handle(), &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

bool ended_cleanly(upstream& at_eof) noexcept
{
    if (at_eof.end->ended)
        return at_eof.end->why == failure::none;
    // FIN closes one direction of the pair. That both are closed means that the stream is gone,
    // which the stream may be about to say.
    return !is_hung_up(at_eof.socket);
}

}  // namespace penstock::inbound
