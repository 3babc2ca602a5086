#include <penstock/io/socket.hpp>
#include <penstock/net/connector.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace penstock::net {
namespace {

namespace asio = io::asio;
using io::clock;
using io::tcp;

struct attempt {
    attempt(const asio::any_io_executor& executor, const tcp::endpoint& to)
        : socket(executor), remote(to)
    {
    }

    tcp::socket socket;
    tcp::endpoint remote;
    clock::time_point due{};
    bool pending = true;
    error_code ec;
};

/// All attempts of one connect(); shared with their completions, which may come after connect() has
/// ended.
struct race {
    explicit race(const asio::any_io_executor& executor) : wake(executor) {}

    asio::steady_timer wake;
    std::vector<std::unique_ptr<attempt>> attempts;
    attempt* winner = nullptr;
    bool over = false;

    [[nodiscard]] bool any_pending() const noexcept
    {
        return std::any_of(attempts.begin(), attempts.end(), [](const auto& one) {
            return one->pending;
        });
    }
};

/// Closes what is still connecting, however connect() ends.
struct race_end {
    explicit race_end(race& r) : ended(r) {}
    race_end(const race_end&) = delete;
    race_end& operator=(const race_end&) = delete;
    ~race_end()
    {
        ended.over = true;
        error_code ignored;
        for (const auto& one : ended.attempts)
            one->socket.close(ignored);
    }
    race& ended;
};

void finish(race& running, attempt& one, const error_code& ec)
{
    if (running.over || !one.pending)
        return;  // lost, or given up: the socket is closed already
    one.pending = false;
    one.ec = ec;
    if (!ec && running.winner == nullptr)
        running.winner = &one;
    running.wake.cancel();
}

void start_attempt(
    const std::shared_ptr<race>& running,
    const tcp::endpoint& to,
    const connect_settings& settings,
    clock::time_point now
)
{
    running->attempts.push_back(std::make_unique<attempt>(running->wake.get_executor(), to));
    auto& started = *running->attempts.back();
    started.due = now + settings.attempt_timeout;
    settings.connect(started.socket, to, [running, &started](error_code ec) {
        finish(*running, started, ec);
    });
}

/// Gives up what has taken too long. Returns the time at which there is something to do next.
clock::time_point expire_attempts(race& running, clock::time_point now, clock::time_point due)
{
    for (const auto& one : running.attempts) {
        if (!one->pending)
            continue;
        if (one->due <= now) {
            one->pending = false;
            one->ec = asio::error::timed_out;
            error_code ignored;
            one->socket.close(ignored);
        } else {
            due = std::min(due, one->due);
        }
    }
    return due;
}

/// How much a failure tells about the target; the larger is reported. A refusal is the target's own
/// word, a time-out may be a packet filter's, an unreachable network is often just a missing
/// address family here.
int telling(failure code) noexcept
{
    switch (code) {
    case failure::connection_refused:
        return 6;
    case failure::dial_timeout:
        return 5;
    case failure::host_unreachable:
        return 4;
    case failure::network_unreachable:
        return 3;
    case failure::denied:
    case failure::overloaded:
        return 2;
    default:
        return 1;
    }
}

connect_outcome most_telling(const race& lost)
{
    connect_outcome worst;
    worst.detail = "no address to connect to";
    int best = 0;
    for (const auto& one : lost.attempts) {
        const auto ec = one->pending ? error_code(asio::error::timed_out) : one->ec;
        const auto code = to_failure(ec);
        if (telling(code) <= best)
            continue;
        best = telling(code);
        worst.code = code;
        worst.detail = io::to_string(one->remote) + ": " + ec.message();
        worst.remote = one->remote;
    }
    return worst;
}

connect_outcome won(attempt& one)
{
    connect_outcome outcome;
    io::set_no_delay(one.socket);
    outcome.code = failure::none;
    outcome.remote = one.remote;
    outcome.socket.emplace(std::move(one.socket));
    return outcome;
}

}  // namespace

void system_connect(
    tcp::socket& socket, const tcp::endpoint& to, std::function<void(error_code)> done
)
{
    // async_connect opens the socket, and reports that it could not in the same way.
    socket.async_connect(to, std::move(done));
}

std::vector<tcp::endpoint>
interleave_families(const std::vector<tcp::endpoint>& candidates, std::size_t addresses_max)
{
    std::vector<tcp::endpoint> six, four, order;
    for (const auto& one : candidates)
        (one.address().is_v6() ? six : four).push_back(one);
    for (std::size_t i = 0; i < std::max(six.size(), four.size()); ++i) {
        if (i < six.size())
            order.push_back(six[i]);
        if (i < four.size())
            order.push_back(four[i]);
    }
    if (order.size() > addresses_max)
        order.resize(addresses_max);
    return order;
}

// 1. start the first attempt, 2. wait for a result, the stagger or a deadline, 3. start the next or
// report.
asio::awaitable<connect_outcome>
connect(std::vector<tcp::endpoint> candidates, connect_settings settings)
{
    const auto order = interleave_families(candidates, settings.addresses_max);
    const auto running = std::make_shared<race>(co_await asio::this_coro::executor);
    const race_end closes_losers(*running);
    const auto deadline = clock::now() + settings.deadline;
    auto next_start = clock::now();
    std::size_t started = 0;

    for (;;) {
        const auto now = clock::now();
        if (running->winner != nullptr)
            co_return won(*running->winner);
        const auto state = co_await asio::this_coro::cancellation_state;
        if (now >= deadline || state.cancelled() != asio::cancellation_type::none)
            break;
        auto due = expire_attempts(*running, now, deadline);
        if (started < order.size() && (now >= next_start || !running->any_pending())) {
            start_attempt(running, order[started++], settings, now);
            next_start = now + settings.stagger;
            continue;
        }
        if (!running->any_pending())
            break;
        if (started < order.size())
            due = std::min(due, next_start);
        running->wake.expires_at(due);
        co_await running->wake.async_wait(io::as_result);
    }
    co_return most_telling(*running);
}

}  // namespace penstock::net
