#include "lane_link.hpp"

#include <penstock/observe/log.hpp>
#include <penstock/observe/log_targets.hpp>
#include <penstock/tunnel/lane_terms.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/assert.hpp>

#include <exception>
#include <utility>

namespace penstock::server {

namespace asio = io::asio;
using observe::loggable;

namespace {

mux::lane_settings lane_of(const tunnel::settings& config)
{
    const auto seed = static_cast<std::uint32_t>(io::clock::now().time_since_epoch().count());
    auto lane = tunnel::lane_terms(config, seed);
    lane.role = mux::side::accepting;
    lane.streams_max = config.streams_per_lane_max;
    return lane;
}

std::uint32_t number_of(const tunnel::local_stream& stream)
{
    return static_cast<std::uint32_t>(stream.id());
}

}  // namespace

lane_link::lane_link(worker& home, transport::link link, auth::principal who)
    : home_(home), who_(std::move(who)), driver_(std::make_shared<tunnel::lane_driver>(
                                             std::move(link),
                                             lane_of(home.config().tunnel),
                                             home.config().tunnel,
                                             home.resources(),
                                             *this
                                         ))
{
}

void lane_link::on_open(
    tunnel::lane_driver&, tunnel::local_stream::pointer stream, mux::open_frame request
)
{
    BOOST_ASSERT(session_);  // streams come behind our HELLO, which names it
    const auto& config = home_.config().tunnel;
    auto& destination = request.destination;
    // Counted until on_stream_end(), which every stream reaches.
    if (++session_->usage->streams > config.streams_per_principal_max) {
        refuse(stream, destination, failure::overloaded, "too many open streams of this user");
        return;
    }
    if (session_->dials >= config.dials_per_session_max) {
        refuse(stream, destination, failure::overloaded, "too many dials at the same time");
        return;
    }
    ++session_->dials;
    auto gone = std::make_shared<asio::cancellation_signal>();
    stream->on_answer([gone] { gone->emit(asio::cancellation_type::terminal); });
    auto finished = [gone, stream, self = shared_from_this()](const std::exception_ptr& failed) {
        --self->session_->dials;
        if (!failed || stream->ended())
            return;
        observe::error("stream.failed", {{"session", self->session_->number}});
        self->driver_->refuse(stream, failure::general, "internal error");
    };
    auto work = dial(shared_from_this(), stream, std::move(destination), request.dial_timeout);
    asio::co_spawn(
        home_.resources().context,
        std::move(work),
        asio::bind_cancellation_slot(gone->slot(), std::move(finished))
    );
}

asio::awaitable<void> lane_link::dial(
    std::shared_ptr<lane_link> self,
    tunnel::local_stream::pointer stream,
    target destination,
    std::chrono::milliseconds timeout
)
{
    auto outcome = co_await self->home_.dialer().dial(destination, self->who_.name, timeout);
    stream->on_answer({});
    self->answer(stream, destination, std::move(outcome));
}

void lane_link::answer(
    const tunnel::local_stream::pointer& stream, const target& to, egress::dial_outcome outcome
)
{
    if (outcome.code != failure::none) {
        refuse(stream, to, outcome.code, outcome.detail);
        return;
    }
    if (observe::enabled(observe::severity::info)) {
        observe::info(
            "stream.opened",
            {{"session", session_->number},
             {"stream", number_of(*stream)},
             {"user", who_.name},
             {"target", loggable(to, home_.config().log_targets)}}
        );
    }
    mux::open_ok_frame ok;
    ok.bound_address = outcome.local.address();
    ok.bound_port = outcome.local.port();
    driver_->accept(stream, io::stream_socket(std::move(*outcome.socket)), std::move(ok));
}

void lane_link::refuse(
    const tunnel::local_stream::pointer& stream,
    const target& to,
    failure code,
    std::string_view detail
)
{
    if (stream->ended())
        return;
    // The detail names the target, which the log may be told to leave out.
    const auto policy = home_.config().log_targets;
    const auto why = policy == observe::log_target_policy::full ? detail : describe(code).text;
    observe::info(
        "stream.refused",
        {{"session", session_->number},
         {"stream", number_of(*stream)},
         {"user", who_.name},
         {"target", loggable(to, policy)},
         {"why", why}}
    );
    driver_->refuse(stream, code, detail);
}

void lane_link::on_draining(tunnel::lane_driver& driver, const std::string&)
{
    driver.drain(std::chrono::milliseconds::zero(), "the other side drains");
}

void lane_link::on_stream_end(
    tunnel::lane_driver&, const tunnel::local_stream& stream, failure code
)
{
    --session_->usage->streams;
    const bool was_open =
        stream.sent_bytes() + stream.received_bytes() > 0 || code == failure::none;
    if (!was_open || !observe::enabled(observe::severity::info))
        return;  // a refusal was told as such
    observe::info(
        "stream.closed",
        {{"session", session_->number},
         {"stream", number_of(stream)},
         {"sent_bytes", stream.sent_bytes()},
         {"received_bytes", stream.received_bytes()},
         {"why", describe(code).text}}
    );
}

}  // namespace penstock::server
