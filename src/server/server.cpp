#include <penstock/io/listener.hpp>
#include <penstock/io/thread_set.hpp>
#include <penstock/net/local_addresses.hpp>
#include <penstock/observe/log.hpp>
#include <penstock/server/server.hpp>
#include <penstock/tunnel/memory_limit.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <exception>
#include <tuple>
#include <utility>

#include "worker.hpp"

namespace penstock::server {

namespace asio = io::asio;

namespace {

/// How often a draining server looks whether it is done.
constexpr std::chrono::milliseconds drain_poll{20};

/// For the last words on the links after drain_timeout.
constexpr std::chrono::milliseconds farewell{1'500};

/// What was accepted right before a hand-over has this long to become a link; TLS takes two round
/// trips, a stranger who says nothing shall not keep us.
constexpr std::chrono::milliseconds handshakes{2'000};

/// One thread more than is asked for: it takes new links while all others are busy, so that what
/// they carry does not wait for turns behind bulk.
constexpr unsigned reserve_threads = 1;

}  // namespace

/// Threads are destroyed first: the coroutines suspended on them refer to everything else.
struct server::state {
    state(settings c, std::vector<io::inherited_socket> inherited)
        : config(std::move(c)), budget(tunnel::memory_limit(config.tunnel)),
          resolver(config.egress.resolver),
          threads(std::make_unique<io::thread_set>(
              std::max(config.threads, 1U) + reserve_threads,
              [](const std::exception_ptr&) { observe::error("thread.exception"); }
          ))
    {
        for (std::size_t i = 0; i < threads->size(); ++i)
            workers.push_back(
                std::make_unique<worker>(config, threads->context(i), budget, resolver, sessions)
            );
        listen(std::move(inherited));
        protect_listeners();
    }

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
            .choose = [this]() -> asio::io_context& { return least_busy().resources().context; },
            .accepted = [this](
                            asio::io_context& owner, io::stream_socket socket
                        ) { worker_of(owner).take(std::move(socket)); },
            .trouble =
                [](const io::accept_trouble& trouble) {
                    observe::error(
                        "accept.failed",
                        {{"why", trouble.ec.message()}, {"refused", trouble.refused}}
                    );
                },
        };
    }

    worker& least_busy()
    {
        const auto now = io::clock::now();
        return **std::ranges::min_element(workers, {}, [&](const auto& w) {
            return std::tuple(w->resources().traffic.busy(now), w == workers.back(), w->links());
        });
    }

    worker& worker_of(asio::io_context& context)
    {
        return **std::ranges::find_if(workers, [&](const auto& w) {
            return &w->resources().context == &context;
        });
    }

    /// A client must not reach the server's own port through it by a rule for some network (DESIGN,
    /// policy).
    void protect_listeners()
    {
        std::vector<routing::own_listener> own;
        for (const auto& l : listeners) {
            if (const auto* const endpoint = std::get_if<io::tcp::endpoint>(&l.address()))
                own.push_back({endpoint->address(), endpoint->port()});
        }
        auto policy = config.egress.policy;
        policy.set_own_listeners(std::move(own), net::local_addresses());
        for (const auto& w : workers)
            w->set_policy(policy);
    }

    template <class Call>
    void on_every_thread(Call call)
    {
        for (const auto& w : workers)
            asio::post(w->resources().context, [call, target = w.get()] { call(*target); });
    }

    [[nodiscard]] bool idle() const
    {
        return std::ranges::all_of(workers, [](const auto& w) { return w->links() == 0; });
    }

    [[nodiscard]] bool greeted() const
    {
        return std::ranges::all_of(workers, [](const auto& w) { return w->handshakes() == 0; });
    }

    asio::awaitable<void> drain(std::function<void()> done)
    {
        for (auto& l : listeners)
            l.close();
        co_await end_links(ws::close_code::going_away);
        done();
    }

    /// 1. the listening sockets belong to the other process 2. handshakes end: a gateway that has
    /// just come here is told to go on, not reset 3. as drain().
    asio::awaitable<void> leave(std::function<void()> done)
    {
        for (auto& l : listeners)
            l.give_up();
        co_await wait_until(&state::greeted, handshakes);
        co_await end_links(ws::close_code::service_restart);
        done();
    }

    asio::awaitable<void> end_links(ws::close_code code)
    {
        const auto limit = config.drain_timeout;
        on_every_thread([limit, code](worker& w) { w.drain(limit, code); });
        co_await wait_until(&state::idle, limit);
        on_every_thread([](worker& w) { w.close(); });
        co_await wait_until(&state::idle, farewell);
    }

    asio::awaitable<void> wait_until(bool (state::*holds)() const, std::chrono::milliseconds limit)
    {
        asio::steady_timer timer(threads->context(0));
        const auto deadline = io::clock::now() + limit;
        // At least one turn, so that the other threads have seen what was posted to them.
        do {
            timer.expires_after(drain_poll);
            co_await timer.async_wait(io::as_result);
        } while (!(this->*holds)() && io::clock::now() < deadline);
    }

    void stop() noexcept
    {
        threads->stop();
        threads->join();
        listeners.clear();
        for (const auto& w : workers)
            w->clear();
    }

    settings config;
    memory_budget budget;
    tunnel::session_registry sessions;
    net::resolver resolver;
    std::vector<std::unique_ptr<worker>> workers;
    std::unique_ptr<io::thread_set> threads;
    std::vector<io::listener> listeners;
};

server::server(settings config, std::vector<io::inherited_socket> inherited)
    : state_(std::make_unique<state>(std::move(config), std::move(inherited)))
{
}

server::~server() { stop(); }

std::vector<io::listen_address> server::addresses() const
{
    std::vector<io::listen_address> bound;
    for (const auto& l : state_->listeners)
        bound.push_back(l.address());
    return bound;
}

std::vector<io::shared_socket> server::sockets() const
{
    std::vector<io::shared_socket> shared;
    for (const auto& l : state_->listeners)
        shared.push_back(l.shared());
    return shared;
}

void server::start()
{
    for (auto& l : state_->listeners)
        l.start();
    state_->threads->start();
}

void server::own_paths(bool ours) noexcept
{
    for (auto& l : state_->listeners)
        l.own_path(ours);
}

void server::drain(std::function<void()> done)
{
    auto work = state_->drain(std::move(done));
    asio::co_spawn(state_->threads->context(0), std::move(work), [](const std::exception_ptr&) {});
}

void server::leave(std::function<void()> done)
{
    auto work = state_->leave(std::move(done));
    asio::co_spawn(state_->threads->context(0), std::move(work), [](const std::exception_ptr&) {});
}

void server::stop() noexcept { state_->stop(); }

}  // namespace penstock::server
