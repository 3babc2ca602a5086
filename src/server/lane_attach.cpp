// How a gateway's lane comes to a link, is passed to the thread that has it, loses it and gets
// another.
#include <penstock/observe/log.hpp>
#include <penstock/tunnel/lane_terms.hpp>

#include <boost/asio/post.hpp>

#include <unistd.h>
#include <utility>
#include <variant>

#include "lane_link.hpp"

namespace penstock::server {

namespace asio = io::asio;

namespace {

std::string_view words_for(mux::refusal why)
{
    switch (why) {
    case mux::refusal::unknown_session:
        return "the session is not known here";
    case mux::refusal::not_yours:
        return "the session is another's";
    case mux::refusal::limit_reached:
        return "too many sessions or lanes";
    case mux::refusal::unsupported:
        return "this way to attach is not supported";
    case mux::refusal::lane_lost:
        return "the lane is not kept any more";
    }
    return "refused";
}

void expire_all(tunnel::session_registry::keepers gone)
{
    for (auto& keeper : gone) {
        auto* const holder = keeper.get();
        holder->expire(std::move(keeper));
    }
}

}  // namespace

void lane_link::on_hello(tunnel::lane_driver& driver, const mux::hello& peer)
{
    if (!peer.attach) {
        refuse_link(driver, mux::refusal::unsupported);
        return;
    }
    if (peer.attach->mode == mux::attach_mode::resume) {
        pass_on(driver, peer);
        return;
    }
    tunnel::session_registry::keepers displaced;
    auto outcome = home_.sessions().attach(*peer.attach, who_, weak_from_this(), displaced);
    expire_all(std::move(displaced));
    if (const auto* const why = std::get_if<mux::refusal>(&outcome)) {
        refuse_link(driver, *why);
        return;
    }
    session_ = std::move(std::get<std::shared_ptr<tunnel::session>>(outcome));
    lane_ = peer.attach->lane;
    epoch_ = peer.attach->epoch;
    auto h = our_hello(driver.paced());
    if (peer.attach->mode == mux::attach_mode::fresh)
        h.key = session_->key;
    driver.send_hello(std::move(h));
    observe::info(
        "link.up",
        {{"peer", driver.peer_address()},
         {"user", who_.name},
         {"session", session_->number},
         {"lane", peer.attach->lane},
         {"tls", driver.description()},
         {"congestion", driver.congestion()}}
    );
}

mux::hello lane_link::our_hello(bool paced) const
{
    auto h = tunnel::hello_terms(home_.config().tunnel, paced);
    h.session = session_->id;
    h.affinity = home_.config().node;
    return h;
}

void lane_link::refuse_link(tunnel::lane_driver& driver, mux::refusal why)
{
    mux::hello_err_frame refused;
    refused.why = {static_cast<std::uint16_t>(why), std::string(words_for(why))};
    observe::warning(
        "link.refused",
        {{"peer", driver.peer_address()}, {"user", who_.name}, {"why", refused.why.text}}
    );
    driver.refuse_hello(std::move(refused));
}

/// The link is for a lane that exists: whoever holds that gets it.
void lane_link::pass_on(tunnel::lane_driver& driver, const mux::hello& peer)
{
    auto outcome = home_.sessions().resume(*peer.attach, who_);
    if (const auto* const why = std::get_if<mux::refusal>(&outcome)) {
        refuse_link(driver, *why);
        return;
    }
    auto keeper = std::move(std::get<tunnel::lane_keeper::pointer>(outcome));
    driver.hand_over([self = shared_from_this(),
                      keeper = std::move(keeper),
                      peer](transport::link link) mutable {
        auto* const holder = keeper.get();
        holder->carry_on(std::move(keeper), std::move(link), peer);
        self->home_.forget(*self);
    });
}

/// Called on the thread where the link was accepted, which may be another than ours.
void lane_link::carry_on(pointer self, transport::link link, mux::hello peer)
{
    auto& context = home_.resources().context;
    error_code ec;
    const auto protocol = link.socket.local_endpoint(ec).protocol();
    io::tcp::socket moved(context);
    const auto fd = ec ? -1 : link.socket.release(ec);
    if (ec)
        return;  // the link has just gone; the peer comes again
    if (moved.assign(protocol, fd, ec); ec) {
        ::close(fd);
        return;
    }
    link.socket = std::move(moved);
    asio::post(
        context,
        [this, self = std::move(self), link = std::move(link), peer = std::move(peer)]() mutable {
            resume(std::move(link), peer);
        }
    );
}

void lane_link::resume(transport::link link, const mux::hello& peer)
{
    // It ended, is about to, or a later attempt was faster, while the link was on its way here.
    if (driver_->lost() || !driver_->lane().resumable() || peer.attach->epoch <= epoch_)
        return;
    epoch_ = peer.attach->epoch;
    home_.sessions().unpark(*session_, lane_);
    const bool had_link = driver_->linked();
    const auto address = link.peer_address;
    auto h = our_hello(link.paced);
    if (!driver_->resume(std::move(link), peer, std::move(h)))
        return;
    observe::info(
        "lane.resumed",
        {{"peer", address},
         {"user", who_.name},
         {"session", session_->number},
         {"lane", lane_},
         {"streams", driver_->lane().stream_count()},
         {"replayed_bytes", driver_->lane().replay_bytes()},
         {"instead_of_a_link", had_link}}
    );
}

void lane_link::expire(pointer self)
{
    asio::post(home_.resources().context, [this, self = std::move(self)] {
        if (driver_->detached())
            driver_->close("the room is needed for others");
    });
}

void lane_link::drain(std::chrono::milliseconds deadline, ws::close_code code)
{
    driver_->set_farewell(code);
    constexpr std::string_view why = "the server is shutting down";
    if (driver_->detached())
        driver_->close(why);  // nobody can come back to it: we do not listen any more
    else
        driver_->drain(deadline, why);
}

void lane_link::on_detached(tunnel::lane_driver& driver, const std::string& why)
{
    const auto& lane = driver.lane();
    observe::warning(
        "link.lost",
        {{"peer", driver.peer_address()},
         {"session", session_->number},
         {"lane", lane_},
         {"streams", lane.stream_count()},
         {"kept_s", lane.resume_timeout().count()},
         {"why", why}}
    );
    expire_all(home_.sessions().park(*session_, lane_, lane.held_bytes()));
}

void lane_link::on_lost(tunnel::lane_driver& driver, const std::string& why, bool clean)
{
    const auto level = clean ? observe::severity::info : observe::severity::warning;
    const auto number = session_ ? session_->number : 0;
    if (observe::enabled(level))
        observe::log(
            level, "link.lost", {{"peer", driver.peer_address()}, {"session", number}, {"why", why}}
        );
    if (session_)
        home_.sessions().leave(*session_, lane_);
    home_.forget(*this);
}

}  // namespace penstock::server
