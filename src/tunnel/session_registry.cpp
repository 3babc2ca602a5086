#include <penstock/auth/secret.hpp>
#include <penstock/tunnel/session_registry.hpp>

#include <algorithm>

namespace penstock::tunnel {

mux::attach_proof make_proof(const mux::attach& a, const mux::session_key& key)
{
    const auto input = mux::attach_proof_input(a);
    return auth::hmac_sha256(key, {input});
}

session_registry::outcome
session_registry::attach(const mux::attach& wanted, const auth::principal& who)
{
    const std::lock_guard lock(mutex_);
    switch (wanted.mode) {
    case mux::attach_mode::fresh:
        return create(who);
    case mux::attach_mode::join:
        return join(wanted, who);
    case mux::attach_mode::resume:
        break;
    }
    return mux::refusal::unsupported;
}

session_registry::outcome session_registry::create(const auth::principal& who)
{
    const auto of_principal =
        std::ranges::count_if(sessions_, [&](const auto& s) { return s.second.value->who == who; });
    if (sessions_.size() >= limits_.sessions_max ||
        static_cast<std::size_t>(of_principal) >= limits_.sessions_per_principal_max)
        return mux::refusal::limit_reached;

    auto made = std::make_shared<session>();
    auth::fill_random(made->id);
    auth::fill_random(made->key);
    made->number = next_number_++;
    made->who = who;
    auto& known = usage_[who.name];
    made->usage = known.lock();
    if (!made->usage)
        known = made->usage = std::make_shared<principal_usage>();
    sessions_.emplace(made->id, entry{made, 1});
    return made;
}

session_registry::outcome
session_registry::join(const mux::attach& wanted, const auth::principal& who)
{
    const auto found = sessions_.find(wanted.session);
    if (found == sessions_.end())
        return mux::refusal::unknown_session;
    auto& [value, lanes] = found->second;
    const auto proof = make_proof(wanted, value->key);
    if (value->who != who || !auth::constant_time_equal(byte_view(proof), byte_view(wanted.proof)))
        return mux::refusal::not_yours;
    if (lanes >= limits_.lanes_per_session_max)
        return mux::refusal::limit_reached;
    ++lanes;
    return value;
}

void session_registry::leave(const session& s)
{
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(s.id);
    if (found == sessions_.end() || --found->second.lanes > 0)
        return;
    sessions_.erase(found);
    std::erase_if(usage_, [](const auto& item) { return item.second.expired(); });
}

std::size_t session_registry::size() const
{
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

}  // namespace penstock::tunnel
