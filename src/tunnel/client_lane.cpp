#include <penstock/auth/secret.hpp>
#include <penstock/observe/log.hpp>
#include <penstock/tunnel/client_lane.hpp>
#include <penstock/tunnel/lane_pool.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <utility>

namespace penstock::tunnel {

namespace asio = io::asio;

namespace {

std::uint32_t random_seed()
{
    std::array<std::uint8_t, 4> bytes{};
    auth::fill_random(bytes);
    std::uint32_t seed = 0;
    std::memcpy(&seed, bytes.data(), sizeof seed);
    return seed;
}

mux::lane_settings lane_settings_of(const settings& config)
{
    mux::lane_settings lane;
    lane.role = mux::side::connecting;
    lane.streams_max = 0;  // the server opens none (agents are reserved)
    lane.window_bytes_max = config.window_bytes_max;
    lane.ping_interval = config.ping_interval;
    lane.link_timeout = config.link_timeout;
    lane.half_close_linger = config.half_close_linger;
    lane.seed = random_seed();
    return lane;
}

}  // namespace

client_lane::client_lane(
    std::uint16_t index,
    const client_settings& config,
    thread_resources& resources,
    net::resolver& resolver,
    std::shared_ptr<client_session> session,
    lane_pool& pool
)
    : index_(index), config_(config), resources_(resources), resolver_(resolver),
      session_(std::move(session)), pool_(pool),
      backoff_(config.lane.backoff_min, config.lane.backoff_max, random_seed()),
      changed_(resources.context)
{
}

void client_lane::start()
{
    session_->add_listener([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self)
            return;
        asio::post(self->resources_.context, [self] {
            if (self->waiting_for_session_)
                self->changed_.cancel();
        });
    });
    asio::co_spawn(
        resources_.context,
        run(shared_from_this()),
        [](const std::exception_ptr& failed) {
            if (failed)
                observe::error("lane.failed");
        }
    );
}

lane_driver* client_lane::usable() const noexcept
{
    return driver_ && driver_->can_open() ? driver_.get() : nullptr;
}

bool client_lane::full() const noexcept
{
    return driver_ && !driver_->lost() && driver_->lane().ready() &&
           driver_->lane().grant_used_up();
}

/// 1. ask the session what to be  2. dial  3. HELLO  4. wait until the link is lost or drains  5.
/// again.
asio::awaitable<void> client_lane::run(std::shared_ptr<client_lane> self)
{
    auto& lane = *self;
    while (!lane.stopping_) {
        const auto wanted = lane.session_->begin(lane.index_);
        if (!wanted) {
            lane.waiting_for_session_ = true;
            co_await lane.pause(lane.config_.lane.backoff_max);
            lane.waiting_for_session_ = false;
            continue;
        }
        const auto& server = lane.config_.servers[lane.server_ % lane.config_.servers.size()];
        auto dialled = co_await transport::dial(server, lane.config_.dial, lane.resolver_);
        if (lane.stopping_)
            break;
        if (!dialled.link) {
            lane.session_->abort(lane.index_);
            lane.report(server, dialled.why);
            ++lane.server_;
            co_await lane.pause(lane.backoff_.next(dialled.why.retry_after));
            continue;
        }
        lane.use(std::move(*dialled.link), *wanted);
        while (lane.driver_ && !lane.stopping_)
            co_await lane.pause(std::chrono::hours(24));
        if (!lane.stopping_)
            co_await lane.pause(lane.backoff_.next());
    }
    lane.session_->abort(lane.index_);
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
    driver_ = std::make_shared<lane_driver>(
        std::move(link), lane_settings_of(config_.lane), config_.lane, resources_, *this
    );
    mux::hello h;
    h.role = mux::side::connecting;
    h.features = driver_->paced() ? mux::feature_paced : 0;
    h.payload_bytes_max = static_cast<std::uint32_t>(mux::payload_bytes_max);
    h.window_bytes_max = config_.lane.window_bytes_max;
    h.ping_interval_s = static_cast<std::uint32_t>(config_.lane.ping_interval.count() / 1'000);
    h.attach = wanted;
    wanted_ = wanted;
    driver_->send_hello(std::move(h));
    driver_->start();
}

/// The same trouble is told once at info, then only at debug: a server that is away for a night is
/// one line.
void client_lane::report(const transport::server_url& server, const transport::dial_failure& why)
{
    const auto url = transport::to_string(server);
    const auto text = why.text();
    pool_.report_trouble("no link to the server: " + text);
    const bool repeated = text == last_report_;
    last_report_ = text;
    const auto level = repeated ? observe::severity::debug : observe::severity::warning;
    if (observe::enabled(level))
        observe::log(level, "link.failed", {{"lane", index_}, {"server", url}, {"why", text}});
}

void client_lane::on_hello(lane_driver& driver, const mux::hello& peer)
{
    session_->established(index_, peer);
    if (peer.session)
        sessions_[&driver] = *peer.session;
    backoff_.succeed();
    last_report_.clear();
    pool_.report_trouble({});
    observe::info(
        "link.up",
        {{"lane", index_},
         {"peer", driver.peer_address()},
         {"tls", driver.description()},
         {"congestion", driver.congestion()}}
    );
    if (!driver.paced() || (peer.features & mux::feature_paced) == 0)
        pool_.start_spare();
    pool_.lane_changed();
    changed_.cancel();
}

void client_lane::on_open(lane_driver& driver, local_stream::pointer stream, mux::open_frame)
{
    driver.refuse(stream, failure::command_not_supported, "a gateway dials nothing");
}

void client_lane::on_draining(lane_driver& driver, const std::string& text)
{
    observe::info("link.draining", {{"lane", index_}, {"why", text}});
    if (driver_.get() != &driver)
        return;
    retired_.push_back(std::move(driver_));
    driver.drain(std::chrono::milliseconds::zero(), "the other side drains");
    pool_.lane_changed();
    changed_.cancel();
}

void client_lane::on_stream_end(lane_driver&, const local_stream& stream, failure code)
{
    pool_.lane_changed();
    const bool was_open =
        stream.sent_bytes() + stream.received_bytes() > 0 || code == failure::none;
    if (!was_open || !observe::enabled(observe::severity::info))
        return;  // a refusal was told as such
    observe::info(
        "stream.closed",
        {{"lane", index_},
         {"stream", static_cast<std::uint32_t>(stream.id())},
         {"sent_bytes", stream.sent_bytes()},
         {"received_bytes", stream.received_bytes()},
         {"why", describe(code).text}}
    );
}

void client_lane::on_lost(lane_driver& driver, const std::string& why, bool clean)
{
    if (const auto known = sessions_.find(&driver); known != sessions_.end()) {
        session_->lost(known->second);
        sessions_.erase(known);
    } else {
        ++server_;  // it answers, but not for us: try the next
        const auto unknown = static_cast<std::uint16_t>(mux::refusal::unknown_session);
        if (driver.refused_code() == unknown && wanted_.mode == mux::attach_mode::join)
            session_->refused(index_, wanted_.session);
        else
            session_->abort(index_);
    }
    const auto level = clean ? observe::severity::info : observe::severity::warning;
    if (observe::enabled(level))
        observe::log(level, "link.lost", {{"lane", index_}, {"why", why}});
    if (!clean)
        pool_.report_trouble("the link to the server was lost: " + why);
    const bool current = driver_.get() == &driver;
    if (current)
        driver_.reset();
    std::erase_if(retired_, [&](const auto& retired) { return retired.get() == &driver; });
    pool_.lane_changed();
    if (current)
        changed_.cancel();
}

void client_lane::drain(std::chrono::milliseconds deadline)
{
    stopping_ = true;
    if (driver_)
        driver_->drain(deadline, "the gateway is shutting down");
    changed_.cancel();
}

void client_lane::abandon()
{
    stopping_ = true;
    if (driver_)
        driver_->abandon();
    for (const auto& retired : retired_)
        retired->abandon();
}

void client_lane::close()
{
    stopping_ = true;
    if (driver_)
        driver_->close("the gateway is shutting down");
    for (const auto& retired : retired_)
        retired->close("the gateway is shutting down");
    changed_.cancel();
}

}  // namespace penstock::tunnel
