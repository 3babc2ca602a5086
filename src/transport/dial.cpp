#include <penstock/io/deadline.hpp>
#include <penstock/transport/dial.hpp>
#include <penstock/transport/upgrade.hpp>

#include <boost/assert.hpp>

#include <algorithm>
#include <utility>

#include "channel.hpp"
#include "dial_failure.hpp"
#include "open_socket.hpp"

// g++ 12 inlines Asio's operator new for a coroutine's frame but not its operator delete, and takes
// the two for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace penstock::transport {
namespace {

namespace asio = io::asio;

/// Of a server's answer; a reverse proxy may add cookies and policies of its own.
constexpr http::head_limits answer_limits{.octets_max = 32 * 1024, .fields_max = 100};

/// A token that would break out of its header field, or that no server could take.
bool is_sendable(const std::string& token)
{
    return std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
}

struct answer {
    std::optional<http::response_head> head;
    error_code ec;           ///< if there is no head
    std::size_t octets = 0;  ///< of the head; behind it WebSocket begins
};

/// Sends the request and reads the head of the answer into `received`.
asio::awaitable<answer> exchange(channel& wire, const std::string& request, flat_buffer& received)
{
    const byte_view octets(reinterpret_cast<const std::uint8_t*>(request.data()), request.size());
    // If writing fails, reading tells why: a server that refuses our certificate closes at once.
    co_await wire.write(octets);
    answer out;
    http::head_scanner scanner(answer_limits);
    for (;;) {
        if (out.ec = co_await wire.read(received); out.ec)
            co_return out;
        const auto complete = scanner.handle_octets(received.view());
        if (!complete) {
            out.ec = complete.error();
            co_return out;
        }
        if (out.octets = *complete; out.octets == 0)
            continue;
        auto head = http::parse_response_head(received.view().first(out.octets), answer_limits);
        if (head)
            out.head = std::move(*head);
        else
            out.ec = head.error();
        co_return out;
    }
}

dial_failure not_http(const server_url& server, const error_code& ec)
{
    return {
        .step = dial_step::upgrade,
        .cause = to_string(server) + " does not answer in HTTP: " + ec.message(),
        .remedy = "check host and port in --server",
    };
}

/// Step 5. Nothing: `wire` is a WebSocket now, and what came behind the answer is in `early`.
asio::awaitable<std::optional<dial_failure>> upgrade(
    const server_url& server,
    const dial_settings& settings,
    io::tcp::socket& socket,
    channel& wire,
    const tls::engine& engine,
    octets& early
)
{
    if (!is_sendable(settings.token))
        co_return dial_failure{
            .step = dial_step::auth,
            .cause = "the token holds characters that no token has",
            .remedy = "check the file that --token-file names",
            .refused = true,
        };
    const auto key = make_websocket_key();
    const auto request = encode_upgrade_request(server, key, settings.token);
    flat_buffer received;
    io::deadline_guard guard(socket, settings.upgrade_timeout);
    const auto got = co_await exchange(wire, request, received);
    if (!got.head) {
        if (got.ec.category() == http::category())
            co_return not_http(server, got.ec);
        co_return upgrade_failure(server, settings, engine, got.ec, guard.expired());
    }
    if (auto why = judge_response(*got.head, server, key, !settings.token.empty()); why)
        co_return why;
    const auto rest = received.view().subspan(got.octets);
    early.assign(rest.begin(), rest.end());
    co_return std::nullopt;
}

dial_outcome linked(opened_socket connected, std::optional<tls::engine> engine, octets early)
{
    auto description = engine->description();
    dial_outcome out;
    out.link.emplace(link{
        .socket = std::move(*connected.socket),
        .tls = std::move(engine),
        .role = ws::role::client,
        .decoder = ws::decoder(ws::role::client, message_octets_max),
        .early = std::move(early),
        .peer_address = std::move(connected.peer_address),
        .description = std::move(description),
        .congestion = std::move(connected.congestion.name),
        .paced = connected.congestion.paced,
    });
    return out;
}

dial_outcome failed(dial_failure why)
{
    dial_outcome out;
    out.why = std::move(why);
    return out;
}

}  // namespace

asio::awaitable<dial_outcome>
dial(const server_url& server, const dial_settings& settings, net::resolver& resolver)
{
    BOOST_ASSERT(settings.tls != nullptr);
    auto opened = co_await open_socket(server, settings, resolver);
    if (!opened.socket)
        co_return failed(std::move(opened.why));
    auto& socket = *opened.socket;

    const auto& name = settings.server_name.empty() ? server.host : settings.server_name;
    auto made = tls::engine::client(*settings.tls, name);
    if (!made)
        co_return failed({
            .step = dial_step::tls,
            .cause = '"' + name + "\": " + made.error().message(),
            .remedy = "check --server-name",
        });
    std::optional<tls::engine> engine(std::move(*made));
    channel wire(socket, engine);
    {
        io::deadline_guard guard(socket, settings.tls_timeout);
        if (const auto ec = co_await wire.handshake(); ec)
            co_return failed(tls_failure(server, settings, *engine, ec, guard.expired()));
    }

    octets early;
    if (auto why = co_await upgrade(server, settings, socket, wire, *engine, early); why)
        co_return failed(std::move(*why));
    co_return linked(std::move(opened), std::move(engine), std::move(early));
}

}  // namespace penstock::transport
