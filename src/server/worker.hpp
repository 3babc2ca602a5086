#pragma once

#include <penstock/egress/dialer.hpp>
#include <penstock/server/settings.hpp>
#include <penstock/transport/accept.hpp>
#include <penstock/tunnel/lane_driver.hpp>
#include <penstock/tunnel/session_registry.hpp>
#include <penstock/tunnel/thread_resources.hpp>

#include <atomic>
#include <memory>
#include <unordered_set>

namespace penstock::server {

class lane_link;

/// What belongs to one thread of the server: its links, its dialer, its share of the memory.
/// Executor: its thread, but for links().
class worker {
public:
    worker(
        const settings& config,
        io::asio::io_context& context,
        memory_budget& budget,
        net::resolver& resolver,
        tunnel::session_registry& sessions
    );
    ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    /// A connection that was just accepted; the handshakes run in the background.
    void take(io::stream_socket socket);
    void set_policy(routing::policy policy) { dialer_.set_policy(std::move(policy)); }

    /// `code`: of the WebSocket close at the end of each link.
    void drain(std::chrono::milliseconds deadline, ws::close_code code);
    void close();
    /// Drops all links without a word; the threads have ended.
    void clear();
    /// Links and handshakes of this thread; from any thread, approximate.
    [[nodiscard]] std::size_t links() const noexcept
    {
        return links_.load(std::memory_order_relaxed);
    }

    /// Connections of this thread that are no links yet; likewise.
    [[nodiscard]] std::size_t handshakes() const noexcept
    {
        return handshakes_.load(std::memory_order_relaxed);
    }

    /// For the links of this thread.
    [[nodiscard]] const settings& config() const noexcept { return config_; }
    [[nodiscard]] tunnel::thread_resources& resources() noexcept { return resources_; }
    [[nodiscard]] tunnel::session_registry& sessions() noexcept { return sessions_; }
    [[nodiscard]] egress::dialer& dialer() noexcept { return dialer_; }
    void forget(lane_link& link);

private:
    io::asio::awaitable<void> handshake(io::stream_socket socket);

    const settings& config_;
    tunnel::thread_resources resources_;
    egress::dialer dialer_;
    tunnel::session_registry& sessions_;
    std::unordered_set<std::shared_ptr<lane_link>> open_;
    std::atomic<std::size_t> links_{0};
    std::atomic<std::size_t> handshakes_{0};
    bool draining_ = false;
};

}  // namespace penstock::server
