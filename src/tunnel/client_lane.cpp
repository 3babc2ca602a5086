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

/// Between two attempts to carry a lane on.
constexpr std::chrono::seconds pause_max{1};

std::uint32_t random_seed()
{
    std::array<std::uint8_t, 4> bytes{};
    auth::fill_random(bytes);
    std::uint32_t seed = 0;
    std::memcpy(&seed, bytes.data(), sizeof seed);
    return seed;
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
      session_(std::move(session)), pool_(pool), seed_(random_seed()),
      backoff_(config.lane.backoff_min, config.lane.backoff_max, seed_),
      again_(config.lane.backoff_min, pause_max, seed_ + 1), changed_(resources.context)
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
    return driver_ && driver_->linked() && driver_->lane().ready() &&
           driver_->lane().grant_used_up();
}

bool client_lane::connecting() const noexcept
{
    return !stopping_ && (!driver_ || !driver_->linked() || !driver_->lane().ready());
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
    const bool resumed = tickets_.contains(&driver);
    if (!resumed)
        tickets_[&driver] = session_->established(index_, wanted_, peer);
    address_ = driver.remote();
    attempts_ = 0;
    up_since_ = io::clock::now();
    last_report_.clear();
    pool_.report_trouble({});
    observe::info(
        "link.up",
        {{"lane", index_},
         {"peer", driver.peer_address()},
         {"tls", driver.description()},
         {"congestion", driver.congestion()}}
    );
    if (resumed) {
        const auto gap = up_since_ - lost_since_;
        observe::info(
            "lane.resumed",
            {{"lane", index_},
             {"streams", driver.lane().stream_count()},
             {"after_ms", std::chrono::duration_cast<std::chrono::milliseconds>(gap).count()},
             {"replayed_bytes", driver.lane().replay_bytes()}}
        );
    }
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

/// The waits begin anew only behind a link that held.
void client_lane::note_end_of_link()
{
    lost_since_ = io::clock::now();
    if (lost_since_ - up_since_ < held_at_least)
        return;
    backoff_.succeed();
    again_.succeed();
}

void client_lane::on_detached(lane_driver& driver, const std::string& why)
{
    if (driver_.get() != &driver) {
        driver.close("its server does not come back");  // it was draining
        return;
    }
    const auto& lane = driver.lane();
    // An attempt that failed is told once, like any other.
    const bool again = attempts_ > 0;
    if (!again)
        note_end_of_link();
    const auto level = again ? observe::severity::debug : observe::severity::warning;
    if (observe::enabled(level))
        observe::log(
            level,
            "link.lost",
            {{"lane", index_},
             {"streams", lane.stream_count()},
             {"kept_s", lane.resume_timeout().count()},
             {"why", why}}
        );
    pool_.report_trouble("the link to the server was lost: " + why);
    pool_.lane_changed();
    changed_.cancel();
}

void client_lane::on_lost(lane_driver& driver, const std::string& why, bool clean)
{
    const auto unknown = static_cast<std::uint16_t>(mux::refusal::unknown_session);
    if (const auto known = tickets_.find(&driver); known != tickets_.end()) {
        if (driver.refused_code() == unknown)
            session_->refused(index_, known->second.session);
        session_->lost(known->second.session);
        tickets_.erase(known);
        if (driver_.get() == &driver && attempts_ == 0)
            note_end_of_link();
    } else {
        ++server_;  // it answers, but not for us: try the next
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
    if (current) {
        driver_.reset();
        lost_since_ = io::clock::now();
    }
    std::erase_if(retired_, [&](const auto& retired) { return retired.get() == &driver; });
    pool_.lane_changed();
    if (current)
        changed_.cancel();
}

void client_lane::drain(std::chrono::milliseconds deadline)
{
    stopping_ = true;
    constexpr std::string_view why = "the gateway is shutting down";
    if (driver_ && driver_->detached())
        driver_->close(why);  // nobody dials for it any more
    else if (driver_)
        driver_->drain(deadline, why);
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
