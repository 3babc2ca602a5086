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

void client_session::abort(std::uint16_t lane, bool session_unknown)
{
    {
        const std::lock_guard lock(mutex_);
        if (session_unknown && lanes_ == 0)
            id_.reset();
        if (creator_ == lane)
            creator_.reset();
    }
    notify();
}

void client_session::established(std::uint16_t lane, const mux::hello& server)
{
    {
        const std::lock_guard lock(mutex_);
        ++lanes_;
        if (creator_ == lane)
            creator_.reset();
        if (server.session && server.key) {
            id_ = server.session;
            key_ = *server.key;
        }
    }
    notify();
}

void client_session::lost()
{
    const std::lock_guard lock(mutex_);
    if (--lanes_ == 0)
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
