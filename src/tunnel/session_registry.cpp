#include <penstock/auth/secret.hpp>
#include <penstock/tunnel/session_registry.hpp>

#include <algorithm>
#include <utility>

namespace penstock::tunnel {

mux::attach_proof make_proof(const mux::attach& a, const mux::session_key& key)
{
    const auto input = mux::attach_proof_input(a);
    return auth::hmac_sha256(key, {input});
}

session_registry::outcome session_registry::attach(
    const mux::attach& wanted,
    const auth::principal& who,
    const std::weak_ptr<lane_keeper>& keeper,
    keepers& displaced
)
{
    const std::lock_guard lock(mutex_);
    if (wanted.mode == mux::attach_mode::fresh) {
        auto made = create(who, displaced);
        if (const auto* const s = std::get_if<std::shared_ptr<session>>(&made))
            sessions_.at((*s)->id).lanes[wanted.lane] = {wanted.epoch, keeper};
        return made;
    }
    if (wanted.mode != mux::attach_mode::join)
        return mux::refusal::unsupported;
    const auto found = find(wanted, who);
    if (const auto* const why = std::get_if<mux::refusal>(&found))
        return *why;
    auto& [value, lanes] = *std::get<entry*>(found);
    if (lanes.size() >= limits_.lanes_per_session_max || lanes.contains(wanted.lane))
        return mux::refusal::limit_reached;
    lanes[wanted.lane] = {wanted.epoch, keeper};
    return value;
}

session_registry::resume_outcome
session_registry::resume(const mux::attach& wanted, const auth::principal& who)
{
    const std::lock_guard lock(mutex_);
    const auto found = find(wanted, who);
    if (const auto* const why = std::get_if<mux::refusal>(&found))
        return *why;
    auto& lanes = std::get<entry*>(found)->lanes;
    const auto lane = lanes.find(wanted.lane);
    // An older attempt that arrives late must not take the lane from a newer one.
    if (lane == lanes.end() || wanted.epoch <= lane->second.epoch)
        return mux::refusal::lane_lost;
    auto keeper = lane->second.keeper.lock();
    if (!keeper)
        return mux::refusal::lane_lost;
    lane->second.epoch = wanted.epoch;
    return keeper;
}

/// The session that `wanted` names, if it is this principal's and the proof is right.
std::variant<session_registry::entry*, mux::refusal>
session_registry::find(const mux::attach& wanted, const auth::principal& who)
{
    const auto found = sessions_.find(wanted.session);
    if (found == sessions_.end())
        return mux::refusal::unknown_session;
    const auto& value = *found->second.value;
    const auto proof = make_proof(wanted, value.key);
    if (value.who != who || !auth::constant_time_equal(byte_view(proof), byte_view(wanted.proof)))
        return mux::refusal::not_yours;
    return &found->second;
}

session_registry::outcome session_registry::create(const auth::principal& who, keepers& displaced)
{
    const auto of_principal = [&] {
        return static_cast<std::size_t>(std::ranges::count_if(sessions_, [&](const auto& s) {
            return s.second.value->who == who;
        }));
    };
    if (of_principal() >= limits_.sessions_per_principal_max)
        displace_oldest(who, displaced);
    if (sessions_.size() >= limits_.sessions_max ||
        of_principal() >= limits_.sessions_per_principal_max)
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
    sessions_.emplace(made->id, entry{made, {}});
    return made;
}

void session_registry::leave(const session& s, std::uint16_t lane)
{
    unpark(s, lane);
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(s.id);
    if (found == sessions_.end())
        return;
    found->second.lanes.erase(lane);
    if (!found->second.lanes.empty())
        return;
    sessions_.erase(found);
    std::erase_if(usage_, [](const auto& item) { return item.second.expired(); });
}

/// A gateway that died without a word leaves a session for as long as streams may wait; many of
/// them must not shut their own user out.
void session_registry::displace_oldest(const auth::principal& who, keepers& displaced)
{
    const auto parked_of = [&](const mux::session_id& id) {
        return static_cast<std::size_t>(std::ranges::count(parked_, id, &parked_lane::session));
    };
    const auto oldest = std::ranges::find_if(parked_, [&](const parked_lane& p) {
        const auto found = sessions_.find(p.session);
        return found != sessions_.end() && found->second.value->who == who &&
               parked_of(p.session) == found->second.lanes.size();
    });
    if (oldest == parked_.end())
        return;
    const auto id = oldest->session;
    for (const auto& [number, lane] : sessions_.at(id).lanes)
        if (auto keeper = lane.keeper.lock())
            displaced.push_back(std::move(keeper));
    parked_.remove_if([&](const auto& p) { return p.session == id; });
    sessions_.erase(id);
}

session_registry::keepers
session_registry::park(const session& s, std::uint16_t lane, std::size_t bytes)
{
    const std::lock_guard lock(mutex_);
    parked_.push_back({s.id, lane, s.who.name, bytes});
    keepers gone;
    while (!parked_.empty()) {
        // Whoever has too much gives way himself; too much of all is at the expense of the oldest.
        const auto own = parked_by(&s.who.name), all = parked_by(nullptr);
        const bool by_himself = own.lanes > limits_.parked_per_principal_max ||
                                own.bytes > limits_.parked_bytes_per_principal_max;
        if (!by_himself && all.lanes <= limits_.parked_max && all.bytes <= limits_.parked_bytes_max)
            break;
        const auto oldest = by_himself ? std::ranges::find(parked_, s.who.name, &parked_lane::who)
                                       : parked_.begin();
        if (auto keeper = keeper_of(*oldest))
            gone.push_back(std::move(keeper));
        parked_.erase(oldest);
    }
    return gone;
}

session_registry::usage_of_parked session_registry::parked_by(const std::string* who) const
{
    usage_of_parked sum;
    for (const auto& p : parked_) {
        if (who != nullptr && p.who != *who)
            continue;
        ++sum.lanes;
        sum.bytes += p.bytes;
    }
    return sum;
}

lane_keeper::pointer session_registry::keeper_of(const parked_lane& parked)
{
    const auto found = sessions_.find(parked.session);
    if (found == sessions_.end())
        return nullptr;
    const auto lane = found->second.lanes.find(parked.lane);
    return lane == found->second.lanes.end() ? nullptr : lane->second.keeper.lock();
}

void session_registry::unpark(const session& s, std::uint16_t lane)
{
    const std::lock_guard lock(mutex_);
    parked_.remove_if([&](const auto& p) { return p.session == s.id && p.lane == lane; });
}

std::size_t session_registry::size() const
{
    const std::lock_guard lock(mutex_);
    return sessions_.size();
}

std::size_t session_registry::parked() const
{
    const std::lock_guard lock(mutex_);
    return parked_.size();
}

}  // namespace penstock::tunnel
