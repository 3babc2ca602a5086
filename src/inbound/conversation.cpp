#include <penstock/inbound/conversation.hpp>
#include <penstock/io/socket.hpp>
#include <penstock/observe/log.hpp>
#include <penstock/socks/server.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

#include "http_conversation.hpp"
#include "session.hpp"
#include "socks_conversation.hpp"

namespace penstock::inbound {
namespace {

using observe::bare;
using observe::field;

constexpr std::uint8_t tls_handshake = 0x16;  // ContentType of a ClientHello (RFC 8446 section 5.1)

bool is_letter(std::uint8_t octet) noexcept
{
    return (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
}

/// The first octet decides, once: what follows is never looked at as another protocol.
asio::awaitable<void> converse(session& s)
{
    s.set_deadline(s.config.handshake_timeout);
    if (const auto ec =
            co_await receive_some(s, s.client, s.received, socks::client_message_octets_max)) {
        if (s.expired())
            s.log_rejected("sent nothing in time");
        else
            observe::debug(
                "client.closed", {field{"client", bare(io::peer_name(s.client))}, field{"ec", ec}}
            );
        co_return;
    }
    const auto first = s.received.view().front();
    if (first == 4 || first == 5)
        co_await talk_socks(s);
    else if (is_letter(first))
        co_await talk_http(s);
    else if (first == tls_handshake)
        s.log_rejected("a TLS ClientHello: this port speaks SOCKS and plain HTTP; set the proxy as "
                       "http:// or socks5://, "
                       "not https://");
    else
        s.log_rejected("neither SOCKS nor HTTP: the first octet is " + std::to_string(first));
}

}  // namespace

asio::awaitable<void>
serve(io::stream_socket client, const settings& config, const auth::user_table* users, opener& open)
{
    session s(std::move(client), config, users, open);
    try {
        co_await converse(s);
    } catch (const boost::system::system_error& failed) {
        // Cancelled between two operations; the descriptor closes with the session.
        if (failed.code() != asio::error::operation_aborted)
            throw;
    }
}

}  // namespace penstock::inbound
