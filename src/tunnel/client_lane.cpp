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

}  // namespace

client_lane::client_lane(
    std::uint16_t index,
    const client_settings& config,
    thread_resources& resources,
    net::resolver& resolver,
    std::shared_ptr<server_choice> choice,
    lane_pool& pool
)
    : place_{index, config, resources, resolver, pool, random_seed()}, choice_(std::move(choice)),
      backoff_(config.lane.backoff_min, config.lane.backoff_max, place_.seed),
      asked_(place_.seed + 4), changed_(resources.context)
{
}

void client_lane::start()
{
    const auto look = [weak = weak_from_this()](bool only_if_waiting) {
        const auto self = weak.lock();
        if (!self)
            return;
        asio::post(self->place_.resources.context, [self, only_if_waiting] {
            if (only_if_waiting ? self->waiting_for_session_ : !self->backing_off_)
                self->changed_.cancel();
        });
    };
    for (std::size_t i = 0; i < place_.config.servers.size(); ++i)
        choice_->session(i).add_listener([look] { look(true); });
    choice_->add_listener([look] { look(false); });
    asio::co_spawn(
        place_.resources.context,
        run(shared_from_this()),
        [](const std::exception_ptr& failed) {
            if (failed)
                observe::error("lane.failed");
        }
    );
}

asio::awaitable<void> client_lane::run(std::shared_ptr<client_lane> self)
{
    auto& lane = *self;
    while (!lane.stopping_) {
        if (const auto server = lane.wanted_server())
            co_await lane.dial(*server);
        else
            co_await lane.pause(lane.patience());
    }
}

/// Where a lane is missing now; nothing: what there is will do.
std::optional<std::size_t> client_lane::wanted_server()
{
    if (coming_)
        return std::nullopt;
    if (!current_)
        return choice_->current();
    const auto now = io::clock::now();
    const auto home = current_->server();
    if (away_too_long()) {
        choice_->failed(home, now);
        return choice_->current();
    }
    const auto chosen = choice_->current();
    if (chosen < home)
        return chosen;
    if (current_->away_since())
        return std::nullopt;
    const auto look = choice_->claim_look(now);
    if (!look || chosen == home)
        return look;
    // The look would be at those preferred to the choice, and here is one that works.
    choice_->succeeded(home, now);
    return std::nullopt;
}

bool client_lane::away_too_long() const
{
    const auto since = current_->away_since();
    return since && has_elsewhere_to_go() &&
           io::clock::now() - *since >= place_.config.leave_server_after;
}

/// There is another server, or another answers in place of the one that has the lane.
bool client_lane::has_elsewhere_to_go() const
{
    return place_.config.servers.size() > 1 || current_->driver().met_strangers();
}

/// How long nothing needs to be done unless something happens.
io::clock::duration client_lane::patience() const
{
    constexpr std::chrono::hours longest{24};
    if (coming_ || !current_ || !has_elsewhere_to_go())
        return longest;
    const auto now = io::clock::now();
    const auto leave_after = place_.config.leave_server_after;
    if (const auto since = current_->away_since())
        return std::max<io::clock::duration>(*since + leave_after - now, leave_after / 5);
    const auto look = choice_->next_look();
    return look - now > longest ? longest : std::max(look - now, io::clock::duration::zero());
}

/// 1. wait, if a lane was just lost 2. ask the session what to be 3. dial 4. HELLO.
asio::awaitable<void> client_lane::dial(std::size_t server)
{
    if (std::exchange(lost_, false)) {
        const auto asked = asked_.take();
        co_await back_off(asked);
        asked_.over();
    }
    if (stopping_)
        co_return;
    auto& session = choice_->session(server);
    const auto wanted = session.begin(place_.index);
    if (!wanted) {
        waiting_for_session_ = true;
        co_await pause(place_.config.lane.backoff_max);
        waiting_for_session_ = false;
        co_return;
    }
    const auto& config = place_.config;
    auto url = config.servers[server];
    url.node = session.node();
    auto dialled = co_await transport::dial(url, config.dial, place_.resolver);
    const bool works = current_ && !current_->away_since();
    const bool superfluous = works && server >= current_->server();
    if (stopping_ || superfluous || !dialled.link)
        session.abort(place_.index);
    if (superfluous)
        choice_->succeeded(current_->server(), io::clock::now());
    if (stopping_ || superfluous)
        co_return;
    if (dialled.link) {
        coming_ = std::make_shared<lane_carrier>(place_, server, session, *wanted, *this);
        coming_->start(std::move(*dialled.link));
        co_return;
    }
    place_.report(server, dialled.why, last_report_);
    choice_->failed(server, io::clock::now());
    if (!works)
        co_await back_off(dialled.why.retry_after);
}

asio::awaitable<void> client_lane::back_off(std::chrono::milliseconds asked)
{
    backing_off_ = true;
    asked_to_wait_ = asked.count() > 0;
    co_await pause(backoff_.next(asked));
    backing_off_ = asked_to_wait_ = false;
}

asio::awaitable<void> client_lane::pause(io::clock::duration wait)
{
    if (stopping_)
        co_return;
    changed_.expires_after(wait);
    co_await changed_.async_wait(io::as_result);
}

lane_driver* client_lane::usable() const noexcept
{
    return current_ && current_->driver().can_open() ? &current_->driver() : nullptr;
}

bool client_lane::full() const noexcept
{
    if (!current_)
        return false;
    const auto& driver = current_->driver();
    return driver.linked() && driver.lane().ready() && driver.lane().grant_used_up();
}

bool client_lane::connecting() const noexcept
{
    return !stopping_ &&
           (!current_ || !current_->driver().linked() || !current_->driver().lane().ready());
}

void client_lane::on_up(lane_carrier& carrier, const mux::hello& peer)
{
    const auto now = io::clock::now();
    if (&carrier == coming_.get()) {
        choice_->succeeded(carrier.server(), now);
        if (current_)
            retire(std::move(current_));
        current_ = std::move(coming_);
        last_report_.clear();
    }
    if (!carrier.driver().paced() || (peer.features & mux::feature_paced) == 0)
        place_.pool.start_spare();
    place_.pool.lane_changed();
    if (!backing_off_)
        changed_.cancel();
}

/// Whoever waits for his turn to dial waits on: this is no reason to come sooner.
void client_lane::on_away(lane_carrier& carrier)
{
    if (current_.get() == &carrier && !backing_off_)
        changed_.cancel();
}

/// What is new shall have a link before this one is of no use: no wait, unless links do not hold.
void client_lane::on_leaving(lane_carrier& carrier, bool held)
{
    if (current_.get() != &carrier)
        return;
    lost_ = !held;
    if (held)
        backoff_.succeed();
    keep(std::move(current_));
    place_.pool.lane_changed();
    changed_.cancel();
}

void client_lane::retire(carrier_ptr leaving)
{
    leaving->retire();
    keep(std::move(leaving));
}

void client_lane::keep(carrier_ptr leaving)
{
    retired_.push_back(std::move(leaving));
    const auto is_kept = [](const auto& one) { return !one->ending(); };
    if (std::ranges::count_if(retired_, is_kept) > retired_max)
        (*std::ranges::find_if(retired_, is_kept))->close("too many lanes were replaced");
}

void client_lane::on_end(lane_carrier& carrier, bool held)
{
    const auto is = [&](const auto& one) { return one.get() == &carrier; };
    const bool current = is(current_), coming = is(coming_);
    if (current)
        current_.reset();
    if (coming) {
        coming_.reset();
        if (!carrier.comes_again())
            choice_->failed(carrier.server(), io::clock::now());  // it answers, but not for us
    }
    if (held)
        backoff_.succeed();
    std::erase_if(retired_, is);
    place_.pool.lane_changed();
    if (current || coming) {
        asked_.ask(after_close(carrier.driver().peer_close_code(), false));
        lost_ = true;
        changed_.cancel();
    }
}

template <class Call>
void client_lane::for_each(Call call)
{
    auto all = retired_;  // a call may change the lists
    for (const auto& held : {current_, coming_})
        if (held)
            all.push_back(held);
    for (const auto& held : all)
        call(*held);
}

void client_lane::probe(const std::vector<ip_address>& local_addresses)
{
    for_each([&](lane_carrier& held) { held.probe(local_addresses); });
    if (!asked_to_wait_)
        changed_.cancel();
}

void client_lane::ask()
{
    for_each([](lane_carrier& held) { held.driver().probe({}); });
}

void client_lane::hurry()
{
    if (current_)
        current_->hurry();
    else if (asked_.hurry())
        changed_.cancel();
}

void client_lane::drain(std::chrono::milliseconds deadline)
{
    stopping_ = true;
    for_each([&](lane_carrier& held) { held.drain(deadline); });
    changed_.cancel();
}

void client_lane::close()
{
    stopping_ = true;
    for_each([](lane_carrier& held) { held.close("the gateway is shutting down"); });
    changed_.cancel();
}

void client_lane::abandon()
{
    stopping_ = true;
    for_each([](lane_carrier& held) { held.abandon(); });
}

}  // namespace penstock::tunnel
