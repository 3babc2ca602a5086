#include <penstock/tunnel/client_lane.hpp>
#include <penstock/tunnel/lane_pool.hpp>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <utility>

namespace penstock::tunnel {

namespace asio = io::asio;

namespace {

/// For a lane on which a new stream does not have to wait for what is sent again, or for a link
/// that may be dead.
constexpr std::chrono::milliseconds better_lane_wait{500};

open_result overloaded(const char* why)
{
    open_result result;
    result.code = failure::overloaded;
    result.detail = why;
    return result;
}

}  // namespace

/// A request that waits for a link. Lives in its coroutine's frame.
struct lane_pool::waiter
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    explicit waiter(asio::steady_timer& t) noexcept : timer(t) {}
    asio::steady_timer& timer;
};

lane_pool::lane_pool(const client_settings& config, thread_resources& resources)
    : config_(config), resources_(resources), waiters_(std::make_unique<waiter_list>())
{
}

lane_pool::~lane_pool() = default;

void lane_pool::add(std::shared_ptr<client_lane> lane) { lanes_.push_back(std::move(lane)); }

void lane_pool::add_spare(std::shared_ptr<client_lane> lane) { spare_.push_back(std::move(lane)); }

void lane_pool::start()
{
    for (const auto& lane : lanes_)
        lane->start();
}

void lane_pool::start_spare()
{
    for (auto& lane : std::exchange(spare_, {})) {
        lanes_.push_back(std::move(lane));
        lanes_.back()->start();
    }
}

void lane_pool::wake()
{
    if (lanes_.empty())
        start_next_spare();
}

void lane_pool::start_next_spare()
{
    if (spare_.empty() || coming() || draining_)
        return;
    lanes_.push_back(std::move(spare_.back()));
    spare_.pop_back();
    lanes_.back()->start();
}

void lane_pool::probe(const std::vector<ip_address>& local_addresses)
{
    for (const auto& lane : lanes_)
        lane->probe(local_addresses);
}

void lane_pool::ask_all()
{
    for (const auto& lane : lanes_)
        lane->ask();
}

/// One whose link works, and among those the one with the fewest streams.
lane_driver* lane_pool::best() noexcept
{
    lane_driver* chosen = nullptr;
    ++next_;
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        auto* const driver = lanes_[(next_ + i) % lanes_.size()]->usable();
        if (driver == nullptr)
            continue;
        const auto rank = [](const lane_driver& d) {
            return std::pair(d.hindered(), d.lane().stream_count());
        };
        if (chosen == nullptr || rank(*driver) < rank(*chosen))
            chosen = driver;
    }
    return chosen;
}

open_result lane_pool::unavailable() const
{
    open_result result;
    result.code = failure::tunnel_unavailable;
    result.detail = draining_          ? "the gateway is shutting down"
                    : trouble_.empty() ? std::string(describe(result.code).text)
                                       : trouble_;
    return result;
}

/// There is a link, and the only thing missing is room for one more stream.
bool lane_pool::full() const noexcept
{
    return !draining_ && std::ranges::any_of(lanes_, [](const auto& lane) { return lane->full(); });
}

/// A lane has no link and works on getting one.
bool lane_pool::coming() const noexcept
{
    return std::ranges::any_of(lanes_, [](const auto& lane) { return lane->connecting(); });
}

/// 1. wait for a lane that takes streams 2. ask 3. again, if the lane was about to go and nobody
/// looked at the OPEN (PROTOCOL.md, drain): the request is as good as new.
asio::awaitable<open_result> lane_pool::open(mux::open_frame request)
{
    const auto deadline = io::clock::now() + config_.link_wait;
    for (;;) {
        auto result = co_await ask(request, deadline);
        if (!result.never_looked_at || draining_ || io::clock::now() >= deadline)
            co_return result;
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return result;
    }
}

asio::awaitable<open_result>
lane_pool::ask(const mux::open_frame& request, io::clock::time_point deadline)
{
    asio::steady_timer timer(resources_.context);
    const auto better_by = std::min(io::clock::now() + better_lane_wait, deadline);
    auto* driver = draining_ ? nullptr : best();
    while (driver == nullptr || driver->hindered()) {
        const auto now = io::clock::now();
        if (driver != nullptr || full())
            start_next_spare();
        const bool wait_full = waiting_ >= config_.waiting_max;
        if (driver != nullptr && (now >= better_by || !coming() || wait_full))
            break;
        if (driver == nullptr && full() && (now >= deadline || !coming()))
            co_return overloaded("the server takes no more streams on the lanes there are");
        if (draining_ || now >= deadline)
            co_return unavailable();
        if (wait_full)
            co_return overloaded("too many requests wait for the link to the server");
        for (const auto& lane : lanes_)
            lane->hurry();
        waiter entry(timer);
        waiters_->push_back(entry);
        ++waiting_;
        timer.expires_at(driver != nullptr ? better_by : deadline);
        co_await timer.async_wait(io::as_result);
        --waiting_;
        const auto cancellation = co_await asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != asio::cancellation_type::none)
            co_return unavailable();
        driver = draining_ ? nullptr : best();
    }
    // Before the last places are taken, so that hardly anybody waits for the link. The best lane
    // has the fewest streams: the others are crowded too.
    if (driver->lane().crowded())
        start_next_spare();
    auto stream = driver->open(request);
    if (!stream)
        co_return unavailable();
    co_return co_await await_answer(std::move(stream));
}

asio::awaitable<open_result> lane_pool::await_answer(local_stream::pointer stream)
{
    asio::steady_timer answered(resources_.context, io::clock::time_point::max());
    stream->on_answer([&answered] { answered.cancel(); });
    co_await answered.async_wait(io::as_result);
    stream->on_answer({});

    open_result result;
    const auto& answer = *stream->answer();
    if (!answer.answered) {
        stream->reset(failure::general);
        result.detail = "the client went away";
        co_return result;
    }
    result.code = answer.code;
    result.detail = answer.detail;
    result.bound = answer.bound;
    result.never_looked_at = answer.never_looked_at;
    if (result.code == failure::none)
        result.stream = std::move(stream);
    co_return result;
}

void lane_pool::drain(std::chrono::milliseconds deadline)
{
    draining_ = true;
    spare_.clear();
    for (const auto& lane : lanes_)
        lane->drain(deadline);
    lane_changed();
}

void lane_pool::close()
{
    draining_ = true;
    spare_.clear();
    for (const auto& lane : lanes_)
        lane->close();
    lane_changed();
}

void lane_pool::clear()
{
    for (const auto& lane : lanes_)
        lane->abandon();
    lanes_.clear();
    spare_.clear();
}

void lane_pool::lane_changed()
{
    const auto up =
        std::ranges::count_if(lanes_, [](const auto& lane) { return lane->usable() != nullptr; });
    lanes_up_.store(static_cast<unsigned>(up), std::memory_order_relaxed);
    const auto linked =
        std::ranges::count_if(lanes_, [](const auto& lane) { return !lane->idle(); });
    links_.store(static_cast<unsigned>(linked), std::memory_order_relaxed);
    while (!waiters_->empty()) {
        auto& timer = waiters_->front().timer;
        waiters_->pop_front();
        timer.cancel();
    }
}

}  // namespace penstock::tunnel
