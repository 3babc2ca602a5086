#include "world.hpp"

#include <penstock/io/relay.hpp>
#include <penstock/io/socket.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <utility>

namespace penstock::inbound::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 10s;

asio::awaitable<void> relay_until_end(
    io::stream_socket client,
    io::stream_socket target,
    octets early,
    std::shared_ptr<stream_end> end
)
{
    const io::relay_settings plain;
    const auto outcome = co_await io::relay(client, target, std::move(early), plain);
    if (end)
        *end = {true, outcome.ec ? failure::target_reset : failure::none};
}

class fake_stream final : public opened_stream {
public:
    explicit fake_stream(io::stream_socket target) : target_(std::move(target)) {}

    void attach(io::stream_socket client, octets early, std::shared_ptr<stream_end> end) override
    {
        const auto executor = target_.get_executor();
        asio::co_spawn(
            executor,
            relay_until_end(
                std::move(client), std::move(target_), std::move(early), std::move(end)
            ),
            asio::detached
        );
    }

private:
    io::stream_socket target_;
};

}  // namespace

asio::awaitable<open_outcome> fake_opener::open(open_request request)
{
    const auto executor = co_await asio::this_coro::executor;
    open_outcome outcome;
    bool stalled = false;
    {
        const std::lock_guard lock(mutex_);
        const auto name = to_string(request.destination);
        requests_.push_back(request.user + '>' + name);
        stalled = stalled_;
        const auto refusal = refusals_.find(name);
        outcome.code = refusal == refusals_.end() ? failure::none : refusal->second;
        changed_.notify_all();
    }
    if (stalled) {
        asio::steady_timer until_cancelled(executor, io::clock::time_point::max());
        co_await until_cancelled.async_wait(io::as_result);
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
        outcome.code = failure::general;
        changed_.notify_all();
        co_return outcome;
    }
    if (outcome.code != failure::none) {
        outcome.detail = "because of the test";
        co_return outcome;
    }
    io::tcp::socket target(executor);
    const io::tcp::endpoint where(asio::ip::address_v4::loopback(), target_port);
    auto [ec] = co_await target.async_connect(where, io::as_result);
    if (ec) {
        outcome.code = failure::general;  // asserting is for the test's own thread
        co_return outcome;
    }
    io::set_no_delay(target);
    outcome.bound = target.local_endpoint();
    outcome.stream = std::make_unique<fake_stream>(io::stream_socket(std::move(target)));
    co_return outcome;
}

void fake_opener::refuse(const std::string& target, failure why)
{
    const std::lock_guard lock(mutex_);
    refusals_[target] = why;
}

void fake_opener::stall()
{
    const std::lock_guard lock(mutex_);
    stalled_ = true;
}

std::vector<std::string> fake_opener::requests()
{
    const std::lock_guard lock(mutex_);
    return requests_;
}

void fake_opener::wait_for_cancelled_open()
{
    std::unique_lock lock(mutex_);
    BOOST_TEST(
        changed_.wait_for(lock, patience, [this] { return cancelled_; }), "open() was not cancelled"
    );
}

world::world(settings s, const std::string& users) : settings_(s)
{
    if (!users.empty())
        users_ = auth::user_table::parse(users);
    targets_ = peer::listen(opener.target_port);
    acceptor_.open(io::tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen();
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(context_, accept_loop(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
}

world::~world()
{
    asio::post(context_, [this] { context_.stop(); });
    thread_.join();
    BOOST_TEST(!failed_, "a conversation threw");
}

asio::awaitable<void> world::accept_loop()
{
    for (;;) {
        io::tcp::socket accepted(context_);
        auto [ec] = co_await acceptor_.async_accept(accepted, io::as_result);
        if (ec)
            co_return;
        {
            const std::lock_guard lock(mutex_);
            ++conversations_;
            ++accepted_;
            changed_.notify_all();
        }
        asio::co_spawn(
            context_,
            serve(
                io::stream_socket(std::move(accepted)),
                settings_,
                users_ ? &*users_ : nullptr,
                opener
            ),
            asio::bind_cancellation_slot(
                signals_.emplace_back().slot(), [this](std::exception_ptr failed) { ended(failed); }
            )
        );
    }
}

void world::ended(std::exception_ptr failed)
{
    const std::lock_guard lock(mutex_);
    --conversations_;
    failed_ = failed_ || failed != nullptr;
    changed_.notify_all();
}

void world::wait_for_conversation()
{
    std::unique_lock lock(mutex_);
    BOOST_TEST(
        changed_.wait_for(lock, patience, [this] { return accepted_ > 0; }),
        "no client was accepted"
    );
}

void world::wait_for_no_conversation()
{
    std::unique_lock lock(mutex_);
    BOOST_TEST(
        changed_.wait_for(lock, patience, [this] { return accepted_ > 0 && conversations_ == 0; }),
        "serve() did not end"
    );
}

void world::cancel()
{
    asio::post(context_, [this] {
        for (auto& signal : signals_)
            signal.emit(asio::cancellation_type::terminal);
    });
}

}  // namespace penstock::inbound::test
