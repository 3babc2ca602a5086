#pragma once

#include <penstock/base/target.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace penstock::routing {

enum class action : std::uint8_t { tunnel, direct, block, allow, deny };
[[nodiscard]] std::string_view to_string(action a) noexcept;

/// Which actions a rule may name: tunnel, direct, block at the gateway; allow, deny at the server.
enum class side : std::uint8_t { gateway, server };

/// A rule that cannot be read; what() names the offending word and the nearest known one.
class rule_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// `*`
struct any_pattern {
    friend bool operator==(const any_pattern&, const any_pattern&) = default;
};
/// `host.example`, or with `suffix` `.corp.example`, which matches corp.example and all below it.
struct name_pattern {
    std::string name;  ///< lower case, no dot at either end
    bool suffix = false;
    friend bool operator==(const name_pattern&, const name_pattern&) = default;
};
/// `192.0.2.0/24`, `[2001:db8::/32]`, or a bare address, whose prefix is all its bits.
struct network_pattern {
    ip_address network;
    std::uint8_t prefix_bits = 0;

    /// Octet by octet: an IPv4-mapped address is not the IPv4 one here, see unmapped().
    [[nodiscard]] bool covers(const ip_address& address) const noexcept;
    [[nodiscard]] bool is_host() const noexcept
    {
        return prefix_bits == (network.is_v4() ? 32 : 128);
    }
    friend bool operator==(const network_pattern&, const network_pattern&) = default;
};
using pattern = std::variant<any_pattern, name_pattern, network_pattern>;

/// Whether a name or an address matches; names never match networks, nor addresses names.
[[nodiscard]] bool matches(const pattern& p, const host& h) noexcept;

struct port_range {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    friend bool operator==(const port_range&, const port_range&) = default;
};

/// `PATTERN[,PATTERN...][:PORTS] ACTION [for IDENTITY]`
struct rule {
    std::vector<pattern> patterns;  ///< at least one
    std::vector<port_range> ports;  ///< empty: every port
    action act = action::deny;
    std::string identity;  ///< empty: everybody
    std::string text;      ///< as written, one space between words; for logs

    [[nodiscard]] bool matches_port(std::uint16_t port) const noexcept;
    [[nodiscard]] bool matches_identity(std::string_view who) const noexcept;
};

/// Throws: rule_error.
[[nodiscard]] rule parse_rule(std::string_view text, side allowed);

/// Rules in order; the first that matches wins.
class rule_list {
public:
    rule_list() = default;

    /// A rules file: one rule a line, '#' starts a comment. Throws: rule_error, "line 3: ...".
    [[nodiscard]] static rule_list parse_file(std::string_view text, side allowed);

    void add(rule r) { rules_.push_back(std::move(r)); }
    void append(const rule_list& others);

    /// Null if no rule matches. `identity` is empty for somebody without a name.
    /// Lifetime: points into this list.
    [[nodiscard]] const rule*
    first_match(const host& h, std::uint16_t port, std::string_view identity) const noexcept;

    [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
    [[nodiscard]] const std::vector<rule>& rules() const noexcept { return rules_; }

private:
    std::vector<rule> rules_;
};

}  // namespace penstock::routing
