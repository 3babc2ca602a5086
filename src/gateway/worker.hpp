#pragma once

#include <penstock/gateway/settings.hpp>
#include <penstock/inbound/opener.hpp>
#include <penstock/net/resolver.hpp>
#include <penstock/tunnel/lane_pool.hpp>
#include <penstock/tunnel/server_choice.hpp>
#include <penstock/tunnel/thread_resources.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace penstock::gateway {

/// What belongs to one thread of the gateway: its lanes, and the clients that use them. Opens
/// streams as the rules say. Executor: its thread, but for load() and pool().lanes_up().
class worker final : public inbound::opener {
public:
    worker(
        const settings& config,
        const tunnel::client_settings& tunnel_config,
        io::asio::io_context& context,
        memory_budget& budget,
        net::resolver& resolver
    );
    ~worker() override;
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// `spare`: only for links whose congestion control suffers from loss (lane_pool).
    void add_lane(std::uint16_t index, std::shared_ptr<tunnel::server_choice> choice, bool spare);
    /// A client that was just accepted.
    void take(io::stream_socket client);
    io::asio::awaitable<inbound::open_outcome> open(inbound::open_request request) override;

    [[nodiscard]] tunnel::lane_pool& pool() noexcept { return pool_; }
    [[nodiscard]] tunnel::traffic_meter& traffic() noexcept { return resources_.traffic; }
    [[nodiscard]] io::asio::io_context& context() noexcept { return resources_.context; }
    /// Clients in conversation and direct relays, beside the streams of the lanes; from any thread.
    [[nodiscard]] std::size_t load() const noexcept
    {
        return load_->load(std::memory_order_relaxed);
    }
    /// All streams have ended; a client that is only connected keeps nobody waiting.
    [[nodiscard]] bool idle() const noexcept
    {
        return streams_->load(std::memory_order_relaxed) == 0;
    }
    [[nodiscard]] bool links_gone() const noexcept { return pool_.links() == 0; }

private:
    io::asio::awaitable<inbound::open_outcome> open_tunnel(inbound::open_request request);
    io::asio::awaitable<inbound::open_outcome> open_direct(inbound::open_request request);

    const settings& config_;
    const tunnel::client_settings& tunnel_config_;
    net::resolver& resolver_;
    tunnel::thread_resources resources_;
    tunnel::lane_pool pool_;
    std::shared_ptr<std::atomic<std::size_t>> load_ = std::make_shared<std::atomic<std::size_t>>(0);
    std::shared_ptr<std::atomic<std::size_t>> streams_ =
        std::make_shared<std::atomic<std::size_t>>(0);
};

}  // namespace penstock::gateway
