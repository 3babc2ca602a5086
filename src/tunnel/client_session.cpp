#include <penstock/auth/secret.hpp>
#include <penstock/tunnel/client_session.hpp>
#include <penstock/tunnel/session_registry.hpp>

#include <utility>

namespace penstock::tunnel {

void client_session::add_listener(std::function<void()> changed)
{
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(changed));
}

std::optional<mux::attach> client_session::begin(std::uint16_t lane)
{
    const std::lock_guard lock(mutex_);
    mux::attach wanted;
    wanted.lane = lane;
    wanted.epoch = ++epoch_;
    auth::fill_random(wanted.nonce);
    if (id_) {
        wanted.mode = mux::attach_mode::join;
        wanted.session = *id_;
        wanted.proof = make_proof(wanted, key_);
        return wanted;
    }
    if (creator_ && *creator_ != lane)
        return std::nullopt;
    creator_ = lane;
    return wanted;
}

void client_session::abort(std::uint16_t lane)
{
    {
        const std::lock_guard lock(mutex_);
        if (creator_ == lane)
            creator_.reset();
    }
    notify();
}

void client_session::refused(std::uint16_t lane, const mux::session_id& unknown)
{
    {
        const std::lock_guard lock(mutex_);
        if (id_ == unknown)
            id_.reset();
    }
    abort(lane);
}

void client_session::established(std::uint16_t lane, const mux::hello& server)
{
    {
        const std::lock_guard lock(mutex_);
        if (server.session)
            ++lanes_[*server.session];
        if (creator_ == lane)
            creator_.reset();
        if (server.session && server.key) {
            id_ = server.session;
            key_ = *server.key;
        }
    }
    notify();
}

void client_session::lost(const mux::session_id& session)
{
    const std::lock_guard lock(mutex_);
    const auto found = lanes_.find(session);
    if (found == lanes_.end() || --found->second > 0)
        return;
    lanes_.erase(found);
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
