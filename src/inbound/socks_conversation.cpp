#include "socks_conversation.hpp"

#include <penstock/io/socket.hpp>
#include <penstock/observe/log.hpp>
#include <penstock/socks/server.hpp>

#include <boost/asio/error.hpp>

#include <optional>
#include <utility>

namespace penstock::inbound {
namespace {

/// Gives the machine what was received, and receives more if that was not enough.
asio::awaitable<error_code> feed(session& s, socks::server& machine)
{
    const auto used = machine.handle_octets(s.received.view());
    s.received.consume(used);
    if (used > 0 || machine.step() != socks::server_step::receive)
        co_return error_code();
    co_return co_await receive_some(s, s.client, s.received, socks::client_message_octets_max);
}

std::optional<socks::bound_endpoint> bound_of(const open_outcome& opened)
{
    if (opened.code != failure::none)
        return std::nullopt;
    return socks::bound_endpoint{opened.bound.address(), opened.bound.port()};
}

void log_unfinished(const session& s, error_code ec)
{
    if (s.expired())
        s.log_rejected("the SOCKS request did not arrive in time");
    else
        observe::debug(
            "client.closed",
            {observe::field{"client", observe::bare(io::peer_name(s.client))},
             observe::field{"ec", ec}}
        );
}

}  // namespace

asio::awaitable<void> talk_socks(session& s)
{
    // 1. greeting, 2. credentials, 3. request, 4. open the stream, 5. reply, 6. hand the client
    // over.
    socks::server machine(s.users != nullptr);
    s.protocol = s.received.view().front() == 4 ? "socks4" : "socks5";
    open_outcome opened;
    while (machine.step() != socks::server_step::finished) {
        if (machine.step() == socks::server_step::receive) {
            if (const auto ec = co_await feed(s, machine)) {
                log_unfinished(s, ec);
                co_return;
            }
        } else if (machine.step() == socks::server_step::authenticate) {
            machine.handle_verdict(s.users->check(machine.user(), machine.password()));
        } else {
            open_request request{machine.destination(), machine.user()};
            auto outcome = co_await open_watched(s, std::move(request));
            if (!outcome)
                co_return;
            opened = std::move(*outcome);
            machine.handle_outcome(opened.code, bound_of(opened));
            s.set_deadline(s.config.linger_timeout);
        }
        if (const auto reply = machine.poll_output(); !reply.empty()) {
            if (co_await send_all(s, s.client, reply))
                co_return;
        }
    }
    if (machine.error())
        s.log_rejected(machine.error().message());
    if (machine.error() || opened.code != failure::none) {
        co_await linger_close(s);
        co_return;
    }
    const auto early = s.received.view();
    opened.stream->attach(std::move(s.client), octets(early.begin(), early.end()));
}

}  // namespace penstock::inbound
