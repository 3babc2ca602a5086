#include "worker.hpp"

#include <penstock/inbound/conversation.hpp>
#include <penstock/net/connector.hpp>
#include <penstock/observe/log.hpp>
#include <penstock/observe/log_targets.hpp>
#include <penstock/tunnel/client_lane.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

#include "opened_streams.hpp"

namespace penstock::gateway {

namespace asio = io::asio;
using inbound::open_outcome;
using observe::loggable;

namespace {

void log_refused(const open_outcome& outcome, const target& to, observe::log_target_policy policy)
{
    // The detail may name the target, which the log may be told to leave out.
    const auto why = policy == observe::log_target_policy::full ? std::string_view(outcome.detail)
                                                                : describe(outcome.code).text;
    observe::info("stream.refused", {{"target", loggable(to, policy)}, {"why", why}});
}

}  // namespace

worker::worker(
    const settings& config,
    const tunnel::client_settings& tunnel_config,
    asio::io_context& context,
    memory_budget& budget,
    net::resolver& resolver
)
    : config_(config), tunnel_config_(tunnel_config), resolver_(resolver),
      resources_(context, budget, config.tunnel.busy_bytes_per_s), pool_(tunnel_config, resources_)
{
}

worker::~worker() = default;

void worker::add_lane(
    std::uint16_t index, std::shared_ptr<tunnel::server_choice> choice, bool spare
)
{
    auto lane = std::make_shared<tunnel::client_lane>(
        index, tunnel_config_, resources_, resolver_, std::move(choice), pool_
    );
    if (spare)
        pool_.add_spare(std::move(lane));
    else
        pool_.add(std::move(lane));
}

void worker::take(io::stream_socket client)
{
    const auto* const users = config_.users ? &*config_.users : nullptr;
    auto alive = std::make_shared<live_count>(load_);
    auto work = inbound::serve(std::move(client), config_.inbound, users, *this);
    asio::co_spawn(
        resources_.context,
        std::move(work),
        [alive = std::move(alive)](const std::exception_ptr& failed) {
            if (failed)
                observe::error("client.failed", {{"why", "internal error in the conversation"}});
        }
    );
}

asio::awaitable<open_outcome> worker::open(inbound::open_request request)
{
    const auto policy = config_.inbound.log_targets;
    const auto destination = request.destination;
    const auto* const rule =
        config_.rules.first_match(destination.host, destination.port, request.user);
    const auto act = rule == nullptr ? routing::action::tunnel : rule->act;

    open_outcome outcome;
    if (act == routing::action::block) {
        outcome.code = failure::denied;
        outcome.detail = "blocked by the gateway's rule \"" + rule->text + '"';
    } else if (act == routing::action::direct) {
        outcome = co_await open_direct(std::move(request));
    } else {
        outcome = co_await open_tunnel(std::move(request));
    }
    if (outcome.code != failure::none)
        log_refused(outcome, destination, policy);
    co_return outcome;
}

asio::awaitable<open_outcome> worker::open_tunnel(inbound::open_request request)
{
    mux::open_frame frame;
    frame.destination = request.destination;
    auto opened = co_await pool_.open(std::move(frame));

    open_outcome outcome;
    outcome.code = opened.code;
    outcome.detail = std::move(opened.detail);
    if (opened.code != failure::none)
        co_return outcome;
    outcome.bound = opened.bound;
    observe::info(
        "stream.opened",
        {{"stream", static_cast<std::uint32_t>(opened.stream->id())},
         {"target", loggable(request.destination, config_.inbound.log_targets)},
         {"user", request.user},
         {"via", observe::bare("tunnel")}}
    );
    auto alive = std::make_shared<live_count>(streams_);
    outcome.stream = std::make_unique<tunnelled_stream>(std::move(opened.stream), std::move(alive));
    co_return outcome;
}

asio::awaitable<open_outcome> worker::open_direct(inbound::open_request request)
{
    open_outcome outcome;
    std::vector<io::tcp::endpoint> candidates;
    if (const auto* const address = std::get_if<ip_address>(&request.destination.host)) {
        candidates.emplace_back(*address, request.destination.port);
    } else {
        auto found = co_await resolver_.resolve(
            std::get<std::string>(request.destination.host), request.user
        );
        if (found.code != failure::none) {
            outcome.code = found.code;
            outcome.detail = std::move(found.detail);
            co_return outcome;
        }
        for (const auto& address_found : found.addresses)
            candidates.emplace_back(address_found, request.destination.port);
    }
    const net::connect_settings connect;
    auto connected = co_await net::connect(std::move(candidates), connect);
    outcome.code = connected.code;
    outcome.detail = std::move(connected.detail);
    if (connected.code != failure::none)
        co_return outcome;
    error_code ignored;
    outcome.bound = connected.socket->local_endpoint(ignored);
    observe::info(
        "stream.opened",
        {{"target", loggable(request.destination, config_.inbound.log_targets)},
         {"user", request.user},
         {"via", observe::bare("direct")}}
    );
    auto alive = std::make_shared<live_count>(streams_);
    outcome.stream =
        std::make_unique<direct_stream>(std::move(*connected.socket), std::move(alive));
    co_return outcome;
}

}  // namespace penstock::gateway
