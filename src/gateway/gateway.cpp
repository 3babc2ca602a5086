#include <penstock/gateway/gateway.hpp>
#include <penstock/io/listener.hpp>
#include <penstock/io/thread_set.hpp>
#include <penstock/net/change_watch.hpp>
#include <penstock/net/local_addresses.hpp>
#include <penstock/observe/log.hpp>
#include <penstock/tunnel/memory_limit.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <random>
#include <tuple>
#include <utility>

#include "worker.hpp"

namespace penstock::gateway {

namespace asio = io::asio;

namespace {

/// How often a draining gateway looks whether it is done.
constexpr std::chrono::milliseconds drain_poll{20};

/// For the last words on the links after the streams have ended, or after drain_timeout.
constexpr std::chrono::milliseconds farewell{1'500};

/// Lanes where the kernel of either end does not let links keep their rate under loss: each lost
/// segment halves the rate of one of them only.
constexpr std::size_t lanes_under_loss = 8;

/// What a server takes of one session (session_limits).
constexpr std::size_t lanes_of_session_max = 64;

tunnel::client_settings client_settings_of(const settings& config)
{
    tunnel::client_settings client;
    client.servers = config.servers;
    client.dial = config.dial;
    client.lane = config.tunnel;
    client.link_wait = config.link_wait;
    client.leave_server_after = config.leave_server_after;
    client.return_after = config.return_after;
    return client;
}

/// One thread more than is asked for, with a lane of its own: it takes what is new while all others
/// are busy, so that a keystroke does not wait for their turns. Until then it sleeps, and its lane
/// is not dialled.
constexpr unsigned reserve_threads = 1;

}  // namespace

/// Threads are destroyed first: the coroutines suspended on them refer to everything else.
struct gateway::state {
    state(settings c, std::vector<io::inherited_socket> inherited)
        : config(std::move(c)), tunnel_config(client_settings_of(config)),
          budget(tunnel::memory_limit(config.tunnel)),
          threads(std::make_unique<io::thread_set>(
              std::max(config.threads, 1U) + reserve_threads,
              [](const std::exception_ptr&) { observe::error("thread.exception"); }
          ))
    {
        for (std::size_t i = 0; i < threads->size(); ++i)
            workers.push_back(std::make_unique<worker>(
                config, tunnel_config, threads->context(i), budget, resolver
            ));
        listen(std::move(inherited));

        add_lanes();
    }

    /// Every thread needs a lane of its own: a client stays on the thread that took it.
    void add_lanes()
    {
        const auto choice = std::make_shared<tunnel::server_choice>(
            config.servers.size(), tunnel_config.return_after, std::random_device{}()
        );
        const auto usual = workers.size() - reserve_threads;
        const auto kept = std::max<std::size_t>(config.lanes, usual);
        const auto all = config.lanes == 0 ? std::max(kept, lanes_under_loss) : kept;
        for (std::size_t i = 0; i < all; ++i)
            workers[i % usual]->add_lane(static_cast<std::uint16_t>(i), choice, i >= kept);
        if (config.lanes != 0 || all >= lanes_of_session_max)
            return;  // not one more than was asked for, or than a server takes
        reserve().add_lane(static_cast<std::uint16_t>(all), choice, true);
        for (std::size_t i = 0; i < usual; ++i)
            workers[i]->traffic().on_sustained([this] {
                asio::post(reserve().context(), [this] { reserve().pool().wake(); });
            });
    }

    [[nodiscard]] worker& reserve() noexcept { return *workers.back(); }

    void listen(std::vector<io::inherited_socket> inherited)
    {
        auto ready_made = io::take_wanted(config.listen, inherited);
        for (std::size_t i = 0; i < config.listen.size(); ++i) {
            auto& context = threads->context(0);
            if (ready_made[i])
                listeners.emplace_back(context, std::move(*ready_made[i]), hooks());
            else
                listeners.emplace_back(context, config.listen[i], hooks());
        }
    }

    io::listener_hooks hooks()
    {
        return {
            .choose = [this]() -> asio::io_context& { return best_worker().context(); },
            .accepted = [this](
                            asio::io_context& owner, io::stream_socket client
                        ) { worker_of(owner).take(std::move(client)); },
            .trouble =
                [](const io::accept_trouble& trouble) {
                    observe::error(
                        "accept.failed",
                        {{"why", trouble.ec.message()}, {"refused", trouble.refused}}
                    );
                },
        };
    }

    /// The thread with a link that is not busy and has the fewest clients; equal ones take turns.
    /// The reserve comes last among equals, and without a link last of all.
    worker& best_worker()
    {
        ++next;
        const auto now = io::clock::now();
        const auto rank = [&](worker& w) {
            const bool is_reserve = &w == &reserve();
            const bool linked = w.pool().lanes_up() > 0;
            return std::tuple(
                !linked && is_reserve, !linked, w.traffic().busy(now), is_reserve, w.load()
            );
        };
        worker* best = nullptr;
        for (std::size_t i = 0; i < workers.size(); ++i) {
            auto& candidate = *workers[(next + i) % workers.size()];
            if (best == nullptr || rank(candidate) < rank(*best))
                best = &candidate;
        }
        return *best;
    }

    worker& worker_of(asio::io_context& context)
    {
        return **std::ranges::find_if(workers, [&](const auto& w) {
            return &w->context() == &context;
        });
    }

    template <class Call>
    void on_every_thread(Call call)
    {
        for (const auto& w : workers)
            asio::post(w->context(), [call, target = w.get()] { call(*target); });
    }

    /// Links may be dead that say nothing about it, and servers within reach again.
    void probe_links()
    {
        observe::debug("network.changed");
        auto addresses = net::local_addresses();
        std::ranges::sort(addresses);
        // Routes come and go for many reasons: those are no reason to dial out of turn.
        if (addresses.empty() || addresses == local) {
            on_every_thread([](worker& w) { w.pool().ask_all(); });
            return;
        }
        local = addresses;
        on_every_thread([addresses](worker& w) { w.pool().probe(addresses); });
    }

    void watch_network()
    {
        local = net::local_addresses();
        std::ranges::sort(local);
        if (const auto ec = watch.start(); ec)
            observe::warning("network.unwatched", {{"why", ec.message()}});
    }

    asio::awaitable<void> drain(std::function<void()> done)
    {
        for (auto& l : listeners)
            l.close();
        watch.stop();
        const auto limit = config.drain_timeout;
        on_every_thread([limit](worker& w) { w.pool().drain(limit); });
        co_await wait_until([](const worker& w) { return w.idle(); }, limit);
        on_every_thread([](worker& w) { w.pool().close(); });
        co_await wait_until([](const worker& w) { return w.links_gone(); }, farewell);
        done();
    }

    /// Clients that are here keep what they have and may ask for more, as long as drain_timeout
    /// lets them: there is no telling them to go to the other process.
    asio::awaitable<void> leave(std::function<void()> done)
    {
        for (auto& l : listeners)
            l.give_up();
        co_await wait_until(
            [](const worker& w) { return w.idle() && w.load() == 0; }, config.drain_timeout
        );
        on_every_thread([](worker& w) { w.pool().close(); });
        co_await wait_until([](const worker& w) { return w.links_gone(); }, farewell);
        done();
    }

    template <class Condition>
    asio::awaitable<void> wait_until(Condition holds, std::chrono::milliseconds limit)
    {
        asio::steady_timer timer(threads->context(0));
        const auto deadline = io::clock::now() + limit;
        // At least one turn, so that the other threads have seen what was posted to them.
        do {
            timer.expires_after(drain_poll);
            co_await timer.async_wait(io::as_result);
        } while (!std::ranges::all_of(workers, [&](const auto& w) { return holds(*w); }) &&
                 io::clock::now() < deadline);
    }

    void stop() noexcept
    {
        threads->stop();
        threads->join();
        listeners.clear();
        for (const auto& w : workers)
            w->pool().clear();
    }

    settings config;
    tunnel::client_settings tunnel_config;
    memory_budget budget;
    net::resolver resolver;
    std::vector<std::unique_ptr<worker>> workers;
    std::unique_ptr<io::thread_set> threads;
    std::vector<io::listener> listeners;
    std::vector<ip_address> local;  ///< addresses, as last told
    net::change_watch watch{threads->context(0), [this] { probe_links(); }};
    std::size_t next = 0;
};

gateway::gateway(settings config, std::vector<io::inherited_socket> inherited)
    : state_(std::make_unique<state>(std::move(config), std::move(inherited)))
{
}

gateway::~gateway() { stop(); }

std::vector<io::listen_address> gateway::addresses() const
{
    std::vector<io::listen_address> bound;
    for (const auto& l : state_->listeners)
        bound.push_back(l.address());
    return bound;
}

std::vector<io::shared_socket> gateway::sockets() const
{
    std::vector<io::shared_socket> shared;
    for (const auto& l : state_->listeners)
        shared.push_back(l.shared());
    return shared;
}

void gateway::start()
{
    for (const auto& w : state_->workers)
        w->pool().start();
    for (auto& l : state_->listeners)
        l.start();
    state_->watch_network();
    state_->threads->start();
}

void gateway::own_paths(bool ours) noexcept
{
    for (auto& l : state_->listeners)
        l.own_path(ours);
}

void gateway::drain(std::function<void()> done)
{
    auto work = state_->drain(std::move(done));
    asio::co_spawn(state_->threads->context(0), std::move(work), [](const std::exception_ptr&) {});
}

void gateway::leave(std::function<void()> done)
{
    auto work = state_->leave(std::move(done));
    asio::co_spawn(state_->threads->context(0), std::move(work), [](const std::exception_ptr&) {});
}

void gateway::stop() noexcept { state_->stop(); }

}  // namespace penstock::gateway
