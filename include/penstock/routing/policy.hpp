#pragma once

#include <penstock/base/target.hpp>
#include <penstock/routing/rule_list.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::routing {

/// Where the server itself listens.
struct own_listener {
    ip_address address;  ///< unspecified: every local address
    std::uint16_t port = 0;
};

/// What the policy says about one address.
struct decision {
    bool allowed = false;
    std::string_view why;  ///< the rule's text, or why none was needed; lives as long as the policy
};

/// Which addresses are dialled only on explicit request.
enum class guard : std::uint8_t {
    none,
    loopback,
    link_local,
    unspecified,  ///< 0.0.0.0/8 and ::
    multicast,
    broadcast,
    metadata,  ///< where clouds hand out credentials
};

/// The guard on an address in its plain form, without looking at what it embeds.
[[nodiscard]] guard guard_of(const ip_address& address) noexcept;

/// The IPv4 address that is reached through an IPv6 one: NAT64 (64:ff9b::/96 and RFC 8215's
/// 64:ff9b:1::/48), 6to4 (2002::/16), or IPv4-compatible (::/96). Mapped ones are not of them: see
/// unmapped().
[[nodiscard]] std::optional<ip_address> embedded_v4(const ip_address& address) noexcept;

/// The server's policy: asked for every resolved address at the moment of dialling, never before.
///
/// First match wins. Without rules all is allowed but guarded addresses; once there is one `allow`,
/// what no rule matches is denied. A guarded address needs an `allow` by address or network that
/// covers it, the server's own listener one by exact address and port; other allows pass over them.
class policy {
public:
    policy() = default;
    explicit policy(rule_list rules);

    /// Own listeners as bound, and every address of this machine, for listeners on all addresses.
    void
    set_own_listeners(std::vector<own_listener> listeners, std::vector<ip_address> local_addresses);

    /// `name` is what the client asked for, null if it asked for an address; `identity` is empty
    /// for an anonymous peer.
    [[nodiscard]] decision decide(
        const std::string* name,
        const ip_address& resolved,
        std::uint16_t port,
        std::string_view identity
    ) const;

    [[nodiscard]] const rule_list& rules() const noexcept { return rules_; }

private:
    [[nodiscard]] bool
    is_own_listener(const ip_address& address, std::uint16_t port) const noexcept;

    rule_list rules_;
    bool has_allow_ = false;
    std::vector<own_listener> own_;
    std::vector<ip_address> local_;
};

}  // namespace penstock::routing
