#include <penstock/observe/log.hpp>
#include <penstock/tunnel/lane_carrier.hpp>
#include <penstock/tunnel/lane_pool.hpp>
#include <penstock/tunnel/lane_terms.hpp>

#include <boost/asio/co_spawn.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace penstock::tunnel {

namespace asio = io::asio;

namespace {

/// Between two attempts to carry a lane on.
constexpr std::chrono::seconds pause_max{1};

/// The kernel sends a lost SYN again after 1 s, then after two more (or one more, by its version).
/// A network that is back shall be noticed sooner.
constexpr std::chrono::milliseconds again_connect_timeout{2'000};
constexpr std::chrono::milliseconds again_connect_after{400};
constexpr std::chrono::milliseconds again_silent_after{50};
constexpr std::chrono::milliseconds again_handshake_timeout{3'000};

/// What a server may ask of a lane whose streams wait, by Retry-After as by close code 1013.
constexpr std::chrono::milliseconds asked_with_streams_max{5'000};

/// For how long "unknown session" is not believed, after three times: from a server that a name
/// leads to beside the one that has the lane, and where something between chooses the server.
constexpr std::chrono::seconds other_address_doubt{60};
constexpr std::chrono::seconds behind_others_doubt{1};

/// The scope of a link-local address is not told with the addresses of the interfaces.
bool is_among(const std::vector<ip_address>& addresses, const ip_address& wanted)
{
    const auto plain = [](const ip_address& address) {
        const auto narrow = unmapped(address);
        return narrow.is_v6() ? ip_address(asio::ip::address_v6(narrow.to_v6().to_bytes()))
                              : narrow;
    };
    return std::ranges::find(addresses, plain(wanted), plain) != addresses.end();
}

}  // namespace

void lane_place::report(
    std::size_t server, const transport::dial_failure& why, std::string& last_report
) const
{
    const auto url = transport::to_string(config.servers[server]);
    const auto text = why.text();
    pool.report_trouble("no link to the server: " + text);
    const bool repeated = text == last_report;
    last_report = text;
    const auto level = repeated ? observe::severity::debug : observe::severity::warning;
    if (observe::enabled(level))
        observe::log(level, "link.failed", {{"lane", index}, {"server", url}, {"why", text}});
}

lane_carrier::lane_carrier(
    const lane_place& place,
    std::size_t server,
    client_session& session,
    const mux::attach& wanted,
    carrier_owner& owner
)
    : place_(place), server_(server), session_(session), wanted_(wanted), owner_(owner),
      again_(place.config.lane.backoff_min, pause_max, place.seed + 1),
      refused_again_(place.config.lane.backoff_min, place.config.lane.backoff_max, place.seed + 2),
      changed_(place.resources.context), asked_(place.seed + 3)
{
}

void lane_carrier::start(transport::link link)
{
    auto lane = lane_terms(place_.config.lane, place_.seed);
    lane.role = mux::side::connecting;
    lane.streams_max = 0;  // the server opens none (agents are reserved)
    auto h = hello_terms(place_.config.lane, link.paced);
    h.attach = wanted_;
    driver_ = std::make_shared<lane_driver>(
        std::move(link), lane, place_.config.lane, place_.resources, *this
    );
    driver_->send_hello(std::move(h));
    driver_->start();
    asio::co_spawn(
        place_.resources.context,
        run(shared_from_this()),
        [](const std::exception_ptr& failed) {
            if (failed)
                observe::error("lane.failed");
        }
    );
}

asio::awaitable<void> lane_carrier::run(std::shared_ptr<lane_carrier> self)
{
    auto& carrier = *self;
    while (!carrier.over_) {
        if (carrier.is_useless()) {
            carrier.driver_->close("nothing waits for it");
            co_await carrier.pause(std::chrono::hours(24));  // until on_lost()
            continue;
        }
        if (carrier.wants_link()) {
            co_await carrier.dial_again();
            continue;
        }
        if (carrier.driver_->linked() && carrier.driver_->lane().ready()) {
            carrier.away_since_.reset();
            carrier.attempts_ = 0;
            carrier.asked_.over();
        }
        co_await carrier.pause(std::chrono::hours(24));
    }
}

/// Streams wait for this one: no longer than a second between two attempts, and none waits long for
/// a packet that was lost. The address is that of the last link, since names may not be resolvable
/// while the network is in trouble; every third time it is looked up again.
asio::awaitable<void> lane_carrier::dial_again()
{
    if (attempts_ > 0 || away_since_.value_or(up_since_) - up_since_ < held_at_least ||
        asked_.any()) {
        const auto asked = asked_.take();
        asked_to_wait_ = asked.count() > 0;
        co_await pause(wait_before_dial(asked));
        asked_to_wait_ = false;
        if (asked_.any())
            co_return;  // for another wait, meanwhile
        asked_.over();
    }
    if (over_ || !wants_link() || is_useless())
        co_return;
    const auto& config = place_.config;
    auto settings = config.dial;
    settings.connect_timeout = std::min(settings.connect_timeout, again_connect_timeout);
    if (silent_ || driver_->linked())
        settings.connect_again = again_connect_after;
    // proxy_timeout is as ever: some proxies look at a server for seconds before they pass us on.
    settings.tls_timeout = std::min(settings.tls_timeout, again_handshake_timeout);
    settings.upgrade_timeout = std::min(settings.upgrade_timeout, again_handshake_timeout);
    // A link that may still live is given up only for one to the server that has the lane.
    if (++attempts_ % 3 != 0 || driver_->linked())
        settings.address = address_;
    const auto began = io::clock::now();
    auto url = config.servers[server_];
    url.node = ticket_->node;
    auto dialled = co_await transport::dial(url, settings, place_.resolver);
    if (over_)
        co_return;
    refused_ = !dialled.link && dialled.why.refused;
    // A proxy may take its time and refuse us then: a password that is wrong locks an account.
    silent_ = !dialled.link && !refused_ && !dialled.why.by_proxy &&
              io::clock::now() - began >= settings.connect_timeout;
    if (!dialled.link) {
        const bool streams_wait = driver_->lane().stream_count() > 0;
        const auto most = streams_wait ? asked_with_streams_max : dialled.why.retry_after;
        asked_.ask(std::min(dialled.why.retry_after, most));
        place_.report(server_, dialled.why, last_report_);
    } else if (wants_link()) {
        carry_on(std::move(*dialled.link), url);
    }
    // Else the old link has spoken again, and the new one goes.
}

/// Who comes back to a server that answers comes at a time of its own (full jitter). Where nobody
/// answers, nobody is to be spared, and the attempt itself took its time.
std::chrono::milliseconds lane_carrier::wait_before_dial(std::chrono::milliseconds asked)
{
    if (silent_)
        return std::max<std::chrono::milliseconds>(again_silent_after, asked);
    return refused_ ? refused_again_.next(asked) : again_.next(asked);
}

asio::awaitable<void> lane_carrier::pause(std::chrono::milliseconds wait)
{
    if (over_)
        co_return;
    changed_.expires_after(wait);
    co_await changed_.async_wait(io::as_result);
}

void lane_carrier::carry_on(transport::link link, const transport::server_url& to)
{
    wanted_ = ticket_->resume(driver_->lane().recv_seq());
    auto h = hello_terms(place_.config.lane, link.paced);
    h.attach = wanted_;
    error_code ec;
    std::chrono::seconds doubt{0};
    if (address_ && link.socket.remote_endpoint(ec) != *address_)
        doubt = other_address_doubt;
    else if (!to.node.empty() || transport::proxy_for(to, place_.config.dial) != nullptr)
        doubt = behind_others_doubt;
    driver_->attach(std::move(link), std::move(h), doubt);
}

bool lane_carrier::is_useless() const noexcept
{
    return retired_ && driver_->detached() && driver_->lane().stream_count() == 0;
}

/// The server is another process now, and takes fresh sessions; or another is about to.
bool lane_carrier::comes_again() const noexcept
{
    const auto code = driver_->peer_close_code();
    return forgotten() || code == 1001 || code == 1012;
}

void lane_carrier::retire()
{
    retired_ = true;
    driver_->retire();
    changed_.cancel();
}

void lane_carrier::drain(std::chrono::milliseconds deadline)
{
    constexpr std::string_view why = "the gateway is shutting down";
    if (driver_->detached())
        driver_->close(why);  // nobody dials for it any more
    else
        driver_->drain(deadline, why);
}

void lane_carrier::close(std::string_view why)
{
    ending_ = true;
    driver_->close(why);
}

void lane_carrier::abandon()
{
    over_ = true;
    driver_->abandon();
    changed_.cancel();
}

void lane_carrier::hurry()
{
    if (asked_.hurry())
        changed_.cancel();
}

void lane_carrier::probe(const std::vector<ip_address>& local_addresses)
{
    again_.succeed();
    if (driver_->detached()) {
        if (!asked_to_wait_)
            changed_.cancel();  // it may be worth a try now
        return;
    }
    const auto ours = driver_->local();
    if (ours && !is_among(local_addresses, ours->address()))
        driver_->probe("the address " + ours->address().to_string() + " of its end here is gone");
    else
        driver_->probe({});
}

std::optional<io::clock::time_point> lane_carrier::away_since() const noexcept
{
    return wants_link() || !driver_->linked() || !driver_->lane().ready() ? away_since_
                                                                          : std::nullopt;
}

}  // namespace penstock::tunnel
