#include <penstock/transport/handshake_gate.hpp>

#include <algorithm>

namespace penstock::transport {
namespace {

/// Nothing for loopback, behind which a reverse proxy may stand for everybody.
std::optional<handshake_gate::source> source_of(const ip_address& address)
{
    const auto plain = unmapped(address);
    if (plain.is_loopback())
        return std::nullopt;
    handshake_gate::source from{};
    if (plain.is_v4()) {
        from[0] = 4;
        std::ranges::copy(plain.to_v4().to_bytes(), from.begin() + 1);
    } else {
        from[0] = 6;
        std::ranges::copy_n(plain.to_v6().to_bytes().begin(), 8, from.begin() + 1);
    }
    return from;
}

}  // namespace

std::optional<handshake_gate::place> handshake_gate::enter(const ip_address& address)
{
    const auto from = source_of(address);
    const std::lock_guard lock(mutex_);
    if (half_open_ >= limits_.half_open_max)
        return std::nullopt;
    if (from) {
        auto& count = by_source_[*from];
        if (count >= limits_.half_open_per_address_max)
            return std::nullopt;
        ++count;
    }
    ++half_open_;
    return place(*this, from);
}

void handshake_gate::place::leave() noexcept
{
    auto* const gate = std::exchange(gate_, nullptr);
    if (gate == nullptr)
        return;
    const std::lock_guard lock(gate->mutex_);
    --gate->half_open_;
    if (!from_)
        return;
    const auto at = gate->by_source_.find(*from_);
    if (--at->second == 0)
        gate->by_source_.erase(at);
}

std::optional<std::uint64_t> handshake_gate::may_report(io::clock::time_point now)
{
    const std::lock_guard lock(mutex_);
    if (now - second_began_ >= std::chrono::seconds(1)) {
        second_began_ = now;
        reports_in_second_ = 0;
    }
    if (reports_in_second_ >= limits_.reports_per_second_max) {
        ++passed_over_;
        return std::nullopt;
    }
    ++reports_in_second_;
    return std::exchange(passed_over_, 0);
}

std::size_t handshake_gate::half_open() const
{
    const std::lock_guard lock(mutex_);
    return half_open_;
}

}  // namespace penstock::transport
