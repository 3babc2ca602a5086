#include <penstock/routing/policy.hpp>

#include <algorithm>
#include <utility>

#include "bits.hpp"

namespace penstock::routing {
namespace {

/// An address as it is dialled and, where it leads to an IPv4 one, that too: a rule for either is a
/// rule for both.
struct faces {
    ip_address plain;
    std::optional<ip_address> inner;

    explicit faces(const ip_address& resolved)
        : plain(masked(unmapped(resolved), 128)), inner(embedded_v4(plain))
    {
    }

    [[nodiscard]] bool any(auto&& predicate) const
    {
        return predicate(plain) || (inner && predicate(*inner));
    }
};

std::string_view explain(guard g) noexcept
{
    switch (g) {
    case guard::loopback:
        return "guarded: a loopback address needs a rule such as '127.0.0.0/8 allow'";
    case guard::link_local:
        return "guarded: a link-local address needs a rule that allows its network";
    case guard::unspecified:
        return "guarded: the unspecified address needs a rule that allows its network";
    case guard::multicast:
        return "guarded: a multicast address needs a rule that allows its network";
    case guard::broadcast:
        return "guarded: the broadcast address needs a rule that allows it";
    case guard::metadata:
        return "guarded: a cloud metadata address needs a rule that allows it by address";
    case guard::none:
        break;
    }
    return "";
}

constexpr std::string_view own_listener_text =
    "guarded: the server's own listener needs a rule that allows its address and port";

/// Whether a rule for exactly one address and one port names this one.
bool names_exactly(const rule& r, const network_pattern& network, std::uint16_t port)
{
    return network.is_host() && std::ranges::any_of(r.ports, [port](port_range range) {
               return range.first == port && range.last == port;
           });
}

}  // namespace

policy::policy(rule_list rules) : rules_(std::move(rules))
{
    has_allow_ =
        std::ranges::any_of(rules_.rules(), [](const rule& r) { return r.act == action::allow; });
}

void policy::set_own_listeners(
    std::vector<own_listener> listeners, std::vector<ip_address> local_addresses
)
{
    own_ = std::move(listeners);
    local_ = std::move(local_addresses);
    for (auto& listener : own_)
        listener.address = unmapped(listener.address);
    for (auto& address : local_)
        address = unmapped(address);
}

bool policy::is_own_listener(const ip_address& address, std::uint16_t port) const noexcept
{
    // Linux dials the unspecified address as loopback.
    const bool reaches_loopback = address.is_loopback() || guard_of(address) == guard::unspecified;
    return std::ranges::any_of(own_, [&](const own_listener& own) {
        if (own.port != port)
            return false;
        if (own.address.is_unspecified())
            return reaches_loopback || std::ranges::find(local_, address) != local_.end();
        return own.address == address || (address.is_unspecified() && own.address.is_loopback());
    });
}

decision policy::decide(
    const std::string* name,
    const ip_address& resolved,
    std::uint16_t port,
    std::string_view identity
) const
{
    const faces address(resolved);
    const bool own = address.any([&](const ip_address& a) { return is_own_listener(a, port); });
    guard guarded = guard_of(address.plain);
    if (guarded == guard::none && address.inner)
        guarded = guard_of(*address.inner);

    for (const auto& r : rules_.rules()) {
        if (!r.matches_port(port) || !r.matches_identity(identity))
            continue;
        const auto applies = [&](const pattern& p) {
            const auto* const network = std::get_if<network_pattern>(&p);
            if (r.act == action::allow && own) {
                return network != nullptr && names_exactly(r, *network, port) &&
                       address.any([&](const ip_address& a) { return network->covers(a); });
            }
            if (r.act == action::allow && guarded != guard::none) {
                // The network must cover the face that is guarded: '::/0 allow' does not open
                // 64:ff9b::7f00:1.
                return network != nullptr && address.any([&](const ip_address& a) {
                    return guard_of(a) != guard::none && network->covers(a);
                });
            }
            if (network != nullptr)
                return address.any([&](const ip_address& a) { return network->covers(a); });
            return std::holds_alternative<any_pattern>(p) ||
                   (name != nullptr && matches(p, host{*name}));
        };
        if (std::ranges::any_of(r.patterns, applies))
            return {r.act == action::allow, r.text};
    }

    if (own)
        return {false, own_listener_text};
    if (guarded != guard::none)
        return {false, explain(guarded)};
    if (has_allow_)
        return {false, "no rule allows it"};
    return {true, "no rule forbids it"};
}

}  // namespace penstock::routing
