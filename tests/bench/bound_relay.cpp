#include <penstock/io/asio.hpp>
#include <penstock/io/relay.hpp>
#include <penstock/io/socket.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>

#include "bound.hpp"

namespace bound {
namespace {

namespace asio = penstock::io::asio;
using penstock::io::as_result;
using penstock::io::stream_socket;
using penstock::io::tcp;

tcp::endpoint parse(const std::string& text)
{
    const auto colon = text.rfind(':');
    if (colon == std::string::npos)
        throw std::invalid_argument("no port in " + text);
    const auto port = static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1)));
    return {asio::ip::make_address(text.substr(0, colon)), port};
}

asio::awaitable<void> serve(tcp::socket client, tcp::endpoint target)
{
    tcp::socket dialled(client.get_executor());
    if (auto [ec] = co_await dialled.async_connect(target, as_result); ec)
        co_return;
    penstock::io::set_no_delay(client);
    penstock::io::set_no_delay(dialled);
    stream_socket near(std::move(client));
    stream_socket far(std::move(dialled));
    const penstock::io::relay_settings settings{};
    const penstock::octets early;
    co_await penstock::io::relay(near, far, early, settings);
}

asio::awaitable<void> accept_loop(tcp::acceptor& acceptor, tcp::endpoint target)
{
    for (;;) {
        tcp::socket client(acceptor.get_executor());
        if (auto [ec] = co_await acceptor.async_accept(client, as_result); ec)
            co_return;
        asio::co_spawn(acceptor.get_executor(), serve(std::move(client), target), asio::detached);
    }
}

}  // namespace

int run_relay(const std::string& listen, const std::string& target)
{
    asio::io_context context(1);
    tcp::acceptor acceptor(context, parse(listen));
    asio::co_spawn(context, accept_loop(acceptor, parse(target)), asio::detached);
    asio::signal_set stop(context, SIGTERM, SIGINT);
    stop.async_wait([&](const penstock::error_code&, int) { context.stop(); });
    std::printf(
        "{\"listening\": \"%s\"}\n", penstock::io::to_string(acceptor.local_endpoint()).c_str()
    );
    std::fflush(stdout);
    context.run();
    return 0;
}

}  // namespace bound
