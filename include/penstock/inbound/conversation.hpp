#pragma once

#include <penstock/inbound/opener.hpp>
#include <penstock/inbound/settings.hpp>
#include <penstock/io/asio.hpp>

namespace penstock::auth {
class user_table;
}

namespace penstock::inbound {

/// Holds the conversation with one client that was just accepted: SOCKS5, SOCKS4(a) or HTTP/1.1,
/// told apart by the first octet. For a tunnel it ends as soon as the client is attached to its
/// stream; a kept-alive HTTP connection is served until it ends. `users` is null when anybody who
/// reaches the port may use it.
///
/// Lifetime: `config`, `users` and `open` outlive the coroutine.
/// Executor: that of `client`; `open` is used on it.
/// Cancellation: terminal; the client's connection is closed.
[[nodiscard]] io::asio::awaitable<void> serve(
    io::stream_socket client, const settings& config, const auth::user_table* users, opener& open
);

}  // namespace penstock::inbound
