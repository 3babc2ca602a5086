#include "open_socket.hpp"

#include <penstock/base/target.hpp>
#include <penstock/io/socket.hpp>
#include <penstock/net/connector.hpp>
#include <penstock/net/resolver.hpp>

#include <utility>
#include <vector>

#include "dial_failure.hpp"
#include "pass_proxy.hpp"
#include "proxy_failure.hpp"

// g++ 12 inlines Asio's operator new for a coroutine's frame but not its operator delete, and takes
// the two for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace penstock::transport {
namespace {

namespace asio = io::asio;

struct found {
    std::vector<io::tcp::endpoint> candidates;
    failure code = failure::none;
    std::string detail;
};

/// Step 1.
asio::awaitable<found> find_addresses(
    const std::string& name,
    std::uint16_t port,
    std::chrono::milliseconds timeout,
    net::resolver& resolver
)
{
    found out;
    const auto host = parse_host(name);
    if (host && std::holds_alternative<ip_address>(*host)) {
        out.candidates.emplace_back(std::get<ip_address>(*host), port);
        co_return out;
    }
    auto lookup = co_await resolver.resolve(name, {}, timeout);
    for (const auto& address : lookup.addresses)
        out.candidates.emplace_back(address, port);
    out.code = lookup.code;
    out.detail = std::move(lookup.detail);
    co_return out;
}

net::connect_settings
connect_settings_of(const dial_settings& settings, std::vector<io::tcp::endpoint>& candidates)
{
    net::connect_settings connecting;
    connecting.deadline = settings.connect_timeout;
    connecting.attempt_timeout = settings.connect_timeout;
    if (settings.connect_again.count() > 0) {
        connecting.stagger = settings.connect_again;
        for (std::size_t i = 0; candidates.size() < dial_settings::connects_max; ++i)
            candidates.push_back(io::tcp::endpoint(candidates[i]));
    }
    return connecting;
}

}  // namespace

const upstream_proxy* proxy_for(const server_url& server, const dial_settings& settings) noexcept
{
    return settings.proxy && !settings.direct.covers(server) ? &*settings.proxy : nullptr;
}

asio::awaitable<opened_socket>
open_socket(const server_url& server, const dial_settings& settings, net::resolver& resolver)
{
    opened_socket out;
    const auto* const proxy = proxy_for(server, settings);
    const auto& name = proxy != nullptr ? proxy->host : server.host;
    const auto port = proxy != nullptr ? proxy->port : server.port;
    found where;
    if (settings.address && proxy == nullptr)
        where.candidates.push_back(*settings.address);
    else
        where = co_await find_addresses(name, port, settings.resolve_timeout, resolver);
    if (where.candidates.empty()) {
        out.why = proxy != nullptr ? proxy_resolve_failure(*proxy, where.code, where.detail)
                                   : resolve_failure(server, where.code, where.detail);
        co_return out;
    }

    auto connecting = connect_settings_of(settings, where.candidates);
    auto connected = co_await net::connect(std::move(where.candidates), std::move(connecting));
    if (!connected.socket) {
        out.why = proxy != nullptr ? proxy_connect_failure(*proxy, connected.detail)
                                   : connect_failure(server, connected.code, connected.detail);
        co_return out;
    }
    out.congestion = tune_link_socket(*connected.socket, settings.congestion);
    out.peer_address = io::to_string(connected.remote);
    if (proxy == nullptr) {
        out.socket = std::move(connected.socket);
        co_return out;
    }

    // How the rest of the way reacts to loss is the proxy's affair, and nothing is known of it.
    out.congestion.paced = false;
    out.peer_address += " (proxy)";
    auto passed =
        co_await pass_proxy(std::move(*connected.socket), *proxy, server, settings.proxy_timeout);
    out.socket = std::move(passed.socket);
    out.why = std::move(passed.why);
    out.why.by_proxy = !out.socket;
    // The proxy may have wanted a second connection.
    if (out.socket)
        out.congestion.name = tune_link_socket(*out.socket, settings.congestion).name;
    co_return out;
}

}  // namespace penstock::transport
