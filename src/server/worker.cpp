#include "worker.hpp"

#include <penstock/io/socket.hpp>
#include <penstock/observe/log.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

#include "lane_link.hpp"

namespace penstock::server {

namespace asio = io::asio;

worker::worker(
    const settings& config,
    asio::io_context& context,
    memory_budget& budget,
    net::resolver& resolver,
    tunnel::session_registry& sessions
)
    : config_(config), resources_(context, budget, config.tunnel.busy_bytes_per_s),
      dialer_(resolver, config.egress), sessions_(sessions)
{
}

worker::~worker() = default;

void worker::take(io::stream_socket socket)
{
    if (draining_) {
        io::reset(socket);
        return;
    }
    links_.fetch_add(1, std::memory_order_relaxed);
    handshakes_.fetch_add(1, std::memory_order_relaxed);
    asio::co_spawn(
        resources_.context,
        handshake(std::move(socket)),
        [this](const std::exception_ptr& failed) {
            links_.fetch_sub(1, std::memory_order_relaxed);
            handshakes_.fetch_sub(1, std::memory_order_relaxed);
            if (failed)
                observe::error("link.failed", {{"why", "internal error in the handshake"}});
        }
    );
}

asio::awaitable<void> worker::handshake(io::stream_socket socket)
{
    auto tcp = io::as_tcp(std::move(socket));
    if (!tcp)
        co_return;
    auto accepted = co_await transport::accept(std::move(*tcp), config_.accept);
    if (!accepted.link || draining_)
        co_return;
    auto link =
        std::make_shared<lane_link>(*this, std::move(*accepted.link), std::move(accepted.who));
    open_.insert(link);
    links_.fetch_add(1, std::memory_order_relaxed);
    link->start();
}

void worker::forget(lane_link& link)
{
    if (open_.erase(link.shared_from_this()) > 0)
        links_.fetch_sub(1, std::memory_order_relaxed);
}

void worker::drain(std::chrono::milliseconds deadline, ws::close_code code)
{
    draining_ = true;
    for (const auto& link : open_)
        link->drain(deadline, code);
}

void worker::clear()
{
    for (const auto& link : open_)
        link->abandon();
    open_.clear();
}

void worker::close()
{
    draining_ = true;
    for (const auto& link : open_)
        link->close();
}

}  // namespace penstock::server
