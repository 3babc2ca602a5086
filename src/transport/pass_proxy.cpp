#include "pass_proxy.hpp"

#include <penstock/io/deadline.hpp>
#include <penstock/socks/client.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "connect_talk.hpp"
#include "proxy_failure.hpp"

// As in dial.cpp: g++ 12 mistakes the frames of Asio's coroutines for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace penstock::transport {
namespace {

namespace asio = io::asio;
using io::as_result;

passed_proxy failed(dial_failure why)
{
    passed_proxy out;
    out.why = std::move(why);
    return out;
}

/// 1. send what the machine says, 2. give it what came, 3. read more if that was not enough, until
/// it has an answer.
asio::awaitable<error_code> converse(io::tcp::socket& socket, socks::client& machine)
{
    std::array<std::uint8_t, socks::server_message_octets_max> received{};
    std::size_t filled = 0;
    while (machine.step() == socks::client_step::receive) {
        const auto request = machine.poll_output();
        auto [write_ec, written] =
            co_await asio::async_write(socket, asio::buffer(request), as_result);
        if (write_ec)
            co_return write_ec;
        const auto used = machine.handle_octets(byte_view(received).first(filled));
        std::copy(received.begin() + used, received.begin() + filled, received.begin());
        filled -= used;
        if (used != 0 || machine.step() != socks::client_step::receive)
            continue;
        const auto space = asio::buffer(received) + filled;
        auto [ec, count] = co_await socket.async_read_some(space, as_result);
        if (ec)
            co_return ec;
        filled += count;
    }
    if (machine.error())
        co_return machine.error();
    // We speak first in TLS: what comes before that is none.
    if (filled != 0)
        co_return socks::errc::malformed_reply;
    co_return error_code{};
}

asio::awaitable<passed_proxy> pass_socks(
    io::tcp::socket socket,
    const upstream_proxy& proxy,
    const server_url& server,
    std::chrono::milliseconds timeout
)
{
    std::optional<socks::credentials> login;
    if (proxy.login)
        login.emplace(proxy.login->user, proxy.login->password);
    target destination;
    destination.host = *parse_host(server.host);
    destination.port = server.port;
    socks::client machine(std::move(destination), std::move(login));

    io::deadline_guard guard(socket, timeout);
    const auto ec = co_await converse(socket, machine);
    if (guard.expired())
        co_return failed(proxy_silent(proxy, server, timeout));
    if (ec)
        co_return failed(socks_failure(proxy, server, ec, machine.refusal()));
    passed_proxy out;
    out.socket = std::move(socket);
    co_return out;
}

/// Tells the talk that nobody waits for it any more, however the wait ends.
struct leave_at_end {
    explicit leave_at_end(std::shared_ptr<connect_talk> t) : talk(std::move(t)) {}
    leave_at_end(const leave_at_end&) = delete;
    leave_at_end& operator=(const leave_at_end&) = delete;
    ~leave_at_end() { talk->abandon(); }

    std::shared_ptr<connect_talk> talk;
};

/// 1. hand the descriptor to a talk, 2. wait for its answer or the deadline, 3. take it back.
asio::awaitable<passed_proxy> pass_http(
    io::tcp::socket socket,
    const upstream_proxy& proxy,
    const server_url& server,
    std::chrono::milliseconds timeout
)
{
    error_code ec;
    const auto remote = socket.remote_endpoint(ec);
    auto descriptor = ec ? io::unique_descriptor() : io::unique_descriptor(socket.release(ec));
    if (ec)
        co_return failed(proxy_unusable(proxy, ec.message()));
    const auto executor = co_await asio::this_coro::executor;
    const auto talk =
        std::make_shared<connect_talk>(proxy, server, remote.address(), std::move(descriptor));
    const auto waiter = std::make_shared<talk_waiter>(executor);
    const leave_at_end leaves(talk);
    if (!talk->start(waiter))
        co_return failed(too_many_talks(proxy));
    waiter->timer.expires_after(timeout);
    co_await waiter->timer.async_wait(as_result);
    if (!waiter->answer)
        co_return failed(proxy_silent(proxy, server, timeout));
    auto& answer = *waiter->answer;
    if (answer.socket.get() < 0)
        co_return failed(connect_refusal(proxy, server, answer));

    passed_proxy out;
    out.socket.emplace(executor);
    out.socket->assign(remote.protocol(), answer.socket.get(), ec);
    if (ec)
        co_return failed(proxy_unusable(proxy, ec.message()));
    static_cast<void>(answer.socket.release());
    co_return out;
}

}  // namespace

asio::awaitable<passed_proxy> pass_proxy(
    io::tcp::socket socket,
    const upstream_proxy& proxy,
    const server_url& server,
    std::chrono::milliseconds timeout
)
{
    if (proxy.kind == upstream_proxy::scheme::socks5)
        return pass_socks(std::move(socket), proxy, server, timeout);
    return pass_http(std::move(socket), proxy, server, timeout);
}

}  // namespace penstock::transport
