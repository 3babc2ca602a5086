// How a lane of the gateway comes to a link, for itself or for the streams that it has.
#include <penstock/tunnel/client_lane.hpp>
#include <penstock/tunnel/lane_terms.hpp>

#include <algorithm>
#include <utility>

namespace penstock::tunnel {

namespace asio = io::asio;

namespace {

/// The kernel sends a lost SYN again after 1 s, then after two more (or one more, by its version).
/// A network that is back shall be noticed sooner.
constexpr std::chrono::milliseconds again_connect_timeout{2'000};
constexpr std::chrono::milliseconds again_connect_after{500};
constexpr std::chrono::milliseconds again_handshake_timeout{3'000};

}  // namespace

/// 1. dial, for a fresh lane or to carry on the one that lost its link, 2. wait until the link is
/// lost or drains, 3. again, as long as the lane is wanted.
asio::awaitable<void> client_lane::run(std::shared_ptr<client_lane> self)
{
    auto& lane = *self;
    while (!lane.stopping_) {
        if (lane.driver_ && !lane.driver_->detached())
            co_await lane.pause(std::chrono::hours(24));
        else if (lane.driver_)
            co_await lane.dial_again();
        else
            co_await lane.dial_fresh();
    }
    lane.session_->abort(lane.index_);
}

/// 1. wait, if a link was just lost 2. ask the session what to be 3. dial 4. HELLO.
asio::awaitable<void> client_lane::dial_fresh()
{
    if (lost_since_ != io::clock::time_point{})
        co_await pause(backoff_.next());
    if (stopping_)
        co_return;
    const auto wanted = session_->begin(index_);
    if (!wanted) {
        waiting_for_session_ = true;
        co_await pause(config_.lane.backoff_max);
        waiting_for_session_ = false;
        co_return;
    }
    home_ = server_ % config_.servers.size();
    const auto& server = config_.servers[home_];
    auto dialled = co_await transport::dial(server, config_.dial, resolver_);
    if (stopping_)
        co_return;
    if (dialled.link) {
        use(std::move(*dialled.link), *wanted);
        co_return;
    }
    session_->abort(index_);
    report(server, dialled.why);
    ++server_;
    lost_since_ = {};
    co_await pause(backoff_.next(dialled.why.retry_after));
}

/// Streams wait for this one: no longer than a second between two attempts, and none waits long for
/// a packet that was lost. The address is that of the last link, since names may not be resolvable
/// while the network is in trouble; every third time it is looked up again.
asio::awaitable<void> client_lane::dial_again()
{
    if (attempts_ > 0 || lost_since_ - up_since_ < held_at_least)
        co_await pause(refused_ ? backoff_.next(asked_) : again_.next(asked_));
    if (stopping_ || !driver_)
        co_return;
    auto settings = config_.dial;
    settings.connect_timeout = std::min(settings.connect_timeout, again_connect_timeout);
    if (silent_)
        settings.connect_again = again_connect_after;
    settings.tls_timeout = std::min(settings.tls_timeout, again_handshake_timeout);
    settings.upgrade_timeout = std::min(settings.upgrade_timeout, again_handshake_timeout);
    if (++attempts_ % 3 != 0)
        settings.address = address_;
    const auto& server = config_.servers[home_];
    const auto began = io::clock::now();
    auto dialled = co_await transport::dial(server, settings, resolver_);
    if (stopping_)
        co_return;
    silent_ = !dialled.link && io::clock::now() - began >= settings.connect_timeout;
    refused_ = !dialled.link && dialled.why.refused;
    asked_ = dialled.link ? std::chrono::milliseconds(0) : dialled.why.retry_after;
    if (!dialled.link)
        report(server, dialled.why);
    else if (driver_ && driver_->detached())
        carry_on(std::move(*dialled.link));
}

asio::awaitable<void> client_lane::pause(std::chrono::milliseconds wait)
{
    if (stopping_)
        co_return;
    changed_.expires_after(wait);
    co_await changed_.async_wait(io::as_result);
}

void client_lane::use(transport::link link, const mux::attach& wanted)
{
    auto lane = lane_terms(config_.lane, seed_);
    lane.role = mux::side::connecting;
    lane.streams_max = 0;  // the server opens none (agents are reserved)
    wanted_ = wanted;
    auto h = hello_terms(config_.lane, link.paced);
    h.attach = wanted;
    driver_ = std::make_shared<lane_driver>(std::move(link), lane, config_.lane, resources_, *this);
    driver_->send_hello(std::move(h));
    driver_->start();
}

void client_lane::carry_on(transport::link link)
{
    wanted_ = tickets_.at(driver_.get()).resume(driver_->lane().recv_seq());
    auto h = hello_terms(config_.lane, link.paced);
    h.attach = wanted_;
    driver_->attach(std::move(link), std::move(h));
}

}  // namespace penstock::tunnel
