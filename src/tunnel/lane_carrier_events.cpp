// What a carrier hears from its driver.
#include <penstock/observe/log.hpp>
#include <penstock/tunnel/lane_carrier.hpp>
#include <penstock/tunnel/lane_pool.hpp>

#include <utility>

namespace penstock::tunnel {

void lane_carrier::on_hello(lane_driver& driver, const mux::hello& peer)
{
    const bool resumed = ticket_.has_value();
    if (!resumed)
        ticket_ = session_.established(place_.index, wanted_, peer);
    const auto now = io::clock::now();
    const auto gap = now - away_since_.value_or(now);
    address_ = driver.remote();
    attempts_ = 0;
    asked_.over();
    up_since_ = now;
    away_since_.reset();
    loss_told_ = false;
    last_report_.clear();
    place_.pool.report_trouble({});
    observe::info(
        "link.up",
        {{"lane", place_.index},
         {"server", transport::to_string(place_.config.servers[server_])},
         {"peer", driver.peer_address()},
         {"tls", driver.description()},
         {"congestion", driver.congestion()}}
    );
    if (resumed)
        observe::info(
            "lane.resumed",
            {{"lane", place_.index},
             {"streams", driver.lane().stream_count()},
             {"after_ms", std::chrono::duration_cast<std::chrono::milliseconds>(gap).count()},
             {"replayed_bytes", driver.lane().replay_bytes()}}
        );
    owner_.on_up(*this, peer);
    changed_.cancel();
}

void lane_carrier::on_open(lane_driver& driver, local_stream::pointer stream, mux::open_frame)
{
    driver.refuse(stream, failure::command_not_supported, "a gateway dials nothing");
}

void lane_carrier::on_draining(lane_driver& driver, const std::string& text)
{
    observe::info("link.draining", {{"lane", place_.index}, {"why", text}});
    driver.drain(std::chrono::milliseconds::zero(), "the other side drains");
    retired_ = true;
    if (ticket_)
        session_.forget(ticket_->session);  // of no use for other lanes either
    owner_.on_leaving(*this, held());
}

bool lane_carrier::held() const { return ticket_ && io::clock::now() - up_since_ >= held_at_least; }

bool lane_carrier::forgotten() const noexcept
{
    return !ticket_ && wanted_.mode == mux::attach_mode::join &&
           driver_->refused_code() == static_cast<std::uint16_t>(mux::refusal::unknown_session);
}

void lane_carrier::on_stream_end(lane_driver&, const local_stream& stream, failure code)
{
    if (is_useless())
        changed_.cancel();
    place_.pool.lane_changed();
    const bool was_open =
        stream.sent_bytes() + stream.received_bytes() > 0 || code == failure::none;
    if (!was_open || !observe::enabled(observe::severity::info))
        return;  // a refusal was told as such
    observe::info(
        "stream.closed",
        {{"lane", place_.index},
         {"stream", static_cast<std::uint32_t>(stream.id())},
         {"sent_bytes", stream.sent_bytes()},
         {"received_bytes", stream.received_bytes()},
         {"why", describe(code).text}}
    );
}

/// The waits begin anew only behind a link that held.
void lane_carrier::note_away()
{
    if (away_since_)
        return;
    away_since_ = io::clock::now();
    if (*away_since_ - up_since_ < held_at_least)
        return;
    again_.succeed();
    refused_again_.succeed();
}

void lane_carrier::on_suspect(lane_driver& driver, const std::string& why)
{
    away_since_.reset();  // of an earlier suspicion, while nobody looked
    note_away();
    observe::warning(
        "link.suspect",
        {{"lane", place_.index}, {"streams", driver.lane().stream_count()}, {"why", why}}
    );
    place_.pool.lane_changed();
    place_.pool.ask_all();
    owner_.on_away(*this);
    changed_.cancel();
}

void lane_carrier::on_detached(lane_driver& driver, const std::string& why)
{
    const auto& lane = driver.lane();
    // An attempt that failed is told once, like any other.
    const bool again = std::exchange(loss_told_, true);
    if (driver.peer_close_code() != 0)
        asked_.ask(after_close(driver.peer_close_code(), lane.stream_count() > 0));
    note_away();
    const auto level = again ? observe::severity::debug : observe::severity::warning;
    if (observe::enabled(level))
        observe::log(
            level,
            "link.lost",
            {{"lane", place_.index},
             {"streams", lane.stream_count()},
             {"kept_s", lane.resume_timeout().count()},
             {"why", why}}
        );
    place_.pool.report_trouble("the link to the server was lost: " + why);
    place_.pool.lane_changed();
    if (!again)
        place_.pool.ask_all();
    owner_.on_away(*this);
    changed_.cancel();
}

void lane_carrier::on_lost(lane_driver& driver, const std::string& why, bool clean)
{
    const auto unknown = static_cast<std::uint16_t>(mux::refusal::unknown_session);
    if (ticket_) {
        if (driver.refused_code() == unknown)
            session_.forget(ticket_->session);
        session_.lost(ticket_->session);
    } else if (forgotten()) {
        session_.refused(place_.index, wanted_.session);
    } else {
        session_.abort(place_.index);
    }
    const auto level = clean ? observe::severity::info : observe::severity::warning;
    if (observe::enabled(level))
        observe::log(level, "link.lost", {{"lane", place_.index}, {"why", why}});
    if (!clean)
        place_.pool.report_trouble("the link to the server was lost: " + why);
    over_ = true;
    changed_.cancel();
    owner_.on_end(*this, held());
}

}  // namespace penstock::tunnel
