#include <penstock/auth/secret.hpp>
#include <penstock/transport/server_url.hpp>
#include <penstock/tunnel/client_session.hpp>
#include <penstock/tunnel/session_registry.hpp>

#include <utility>

namespace penstock::tunnel {

mux::attach lane_ticket::resume(std::uint64_t recv_seq)
{
    mux::attach wanted;
    wanted.mode = mux::attach_mode::resume;
    wanted.session = session;
    wanted.lane = lane;
    wanted.epoch = ++epoch;
    wanted.recv_seq = recv_seq;
    auth::fill_random(wanted.nonce);
    wanted.proof = make_proof(wanted, key);
    return wanted;
}

void client_session::add_listener(std::function<void()> changed)
{
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(changed));
}

std::optional<mux::attach> client_session::begin(std::uint16_t place)
{
    const std::lock_guard lock(mutex_);
    mux::attach wanted;
    wanted.lane = next_lane_++;
    wanted.epoch = 1;
    auth::fill_random(wanted.nonce);
    if (id_) {
        wanted.mode = mux::attach_mode::join;
        wanted.session = *id_;
        joining_[place] = sessions_[*id_].key;
        wanted.proof = make_proof(wanted, joining_[place]);
        return wanted;
    }
    if (creator_ && *creator_ != place)
        return std::nullopt;
    creator_ = place;
    return wanted;
}

std::string client_session::node() const
{
    const std::lock_guard lock(mutex_);
    const auto found = id_ ? sessions_.find(*id_) : sessions_.end();
    return found == sessions_.end() ? std::string() : found->second.node;
}

void client_session::abort(std::uint16_t place)
{
    {
        const std::lock_guard lock(mutex_);
        if (creator_ == place)
            creator_.reset();
    }
    notify();
}

void client_session::forget(const mux::session_id& session)
{
    {
        const std::lock_guard lock(mutex_);
        if (id_ == session)
            id_.reset();
    }
    notify();
}

void client_session::refused(std::uint16_t place, const mux::session_id& unknown)
{
    forget(unknown);
    abort(place);
}

lane_ticket
client_session::established(std::uint16_t place, const mux::attach& asked, const mux::hello& server)
{
    lane_ticket ticket{.session = asked.session, .lane = asked.lane, .epoch = asked.epoch};
    {
        const std::lock_guard lock(mutex_);
        if (creator_ == place)
            creator_.reset();
        ticket.session = server.session.value_or(asked.session);
        auto& session = sessions_[ticket.session];
        if (server.session && server.key) {
            id_ = server.session;
            session.key = *server.key;
        } else if (const auto asked_with = joining_.extract(place)) {
            session.key = asked_with.mapped();
        }
        ++session.lanes;
        // What a server says goes into a request line only if it can do no harm there.
        if (transport::is_node_name(server.affinity))
            session.node = server.affinity;
        ticket.key = session.key;
        ticket.node = session.node;
    }
    notify();
    return ticket;
}

void client_session::lost(const mux::session_id& session)
{
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(session);
    if (found == sessions_.end() || --found->second.lanes > 0)
        return;
    sessions_.erase(found);
    if (id_ == session)
        id_.reset();
}

/// Outside the lock: a listener may come straight back.
void client_session::notify()
{
    std::vector<std::function<void()>> listeners;
    {
        const std::lock_guard lock(mutex_);
        listeners = listeners_;
    }
    for (const auto& changed : listeners)
        changed();
}

}  // namespace penstock::tunnel
