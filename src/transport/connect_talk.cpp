#include "connect_talk.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>

namespace penstock::transport {
namespace {

/// Two for each lane that a session may have: one under way and one that hangs.
constexpr unsigned talks_max = 128;

/// The posted function; a class of its own because it is moved to another thread by value.
struct tell {
    std::shared_ptr<talk_waiter> waiter;
    connect_answer answer;

    void operator()()
    {
        waiter->answer = std::move(answer);
        waiter->timer.cancel();
    }
};

/// Signals are the main thread's.
void prepare_this_thread() noexcept
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "penstock/proxy");
}

}  // namespace

connect_talk::connect_talk(
    const upstream_proxy& proxy,
    const server_url& server,
    const ip_address& address,
    io::unique_descriptor connected
)
    : transfer_(proxy, server, address, std::move(connected)), talks_(proxy.talks)
{
    ++*talks_;
}

connect_talk::~connect_talk() { --*talks_; }

bool connect_talk::start(std::shared_ptr<talk_waiter> waiter)
{
    if (*talks_ > talks_max)
        return false;
    waiter_ = std::move(waiter);
    try {
        std::thread(&connect_talk::run, shared_from_this()).detach();
    } catch (const std::system_error&) {
        return false;
    }
    return true;
}

void connect_talk::abandon() noexcept
{
    transfer_.interrupt();
    const std::lock_guard lock(mutex_);
    waiter_.reset();
}

void connect_talk::run(const std::shared_ptr<connect_talk>& self) noexcept
{
    prepare_this_thread();
    auto answer = self->transfer_.perform();
    const std::lock_guard lock(self->mutex_);
    if (!self->waiter_)
        return;
    const auto executor = self->waiter_->timer.get_executor();
    io::asio::post(executor, tell{std::exchange(self->waiter_, {}), std::move(answer)});
}

}  // namespace penstock::transport
