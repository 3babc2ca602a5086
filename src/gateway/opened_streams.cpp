#include "opened_streams.hpp"

#include <penstock/io/relay.hpp>
#include <penstock/io/socket.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace penstock::gateway {

namespace asio = io::asio;

tunnelled_stream::tunnelled_stream(
    tunnel::local_stream::pointer stream, std::shared_ptr<live_count> alive
)
    : stream_(std::move(stream)), alive_(std::move(alive))
{
}

tunnelled_stream::~tunnelled_stream()
{
    if (stream_)
        stream_->reset(failure::general);
}

void tunnelled_stream::attach(
    io::stream_socket client, octets early, std::shared_ptr<inbound::stream_end> end
)
{
    auto told = [alive = std::move(alive_), end = std::move(end)](failure why) {
        if (end) {
            end->ended = true;
            end->why = why;
        }
    };
    std::exchange(stream_, {})->attach(std::move(client), std::move(early), std::move(told));
}

namespace {

asio::awaitable<void>
relay_direct(io::stream_socket client, io::stream_socket target, octets early, std::shared_ptr<inbound::stream_end> end, std::shared_ptr<live_count>)
{
    const io::relay_settings config;
    const auto outcome = co_await io::relay(client, target, std::move(early), config);
    if (end) {
        end->ended = true;
        end->why = outcome.ec ? failure::target_reset : failure::none;
    }
}

}  // namespace

direct_stream::direct_stream(io::tcp::socket target, std::shared_ptr<live_count> alive)
    : target_(std::move(target)), alive_(std::move(alive))
{
}

direct_stream::~direct_stream()
{
    if (target_.is_open())
        io::reset(target_);
}

void direct_stream::attach(
    io::stream_socket client, octets early, std::shared_ptr<inbound::stream_end> end
)
{
    const auto executor = target_.get_executor();
    auto work = relay_direct(
        std::move(client),
        io::stream_socket(std::move(target_)),
        std::move(early),
        std::move(end),
        std::move(alive_)
    );
    asio::co_spawn(executor, std::move(work), [](const std::exception_ptr&) {});
}

}  // namespace penstock::gateway
