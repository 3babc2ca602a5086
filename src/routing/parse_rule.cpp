#include <penstock/base/nearest.hpp>
#include <penstock/routing/rule_list.hpp>

#include <array>
#include <charconv>
#include <ranges>
#include <span>
#include <utility>

#include "parse_pattern.hpp"
#include "text.hpp"

namespace penstock::routing {
namespace {

constexpr std::array<std::string_view, 3> gateway_actions{"tunnel", "direct", "block"};
constexpr std::array<std::string_view, 2> server_actions{"allow", "deny"};

constexpr std::pair<std::string_view, action> actions[] = {
    {"tunnel", action::tunnel},
    {"direct", action::direct},
    {"block", action::block},
    {"allow", action::allow},
    {"deny", action::deny},
};

std::string quoted(std::string_view word) { return '\'' + std::string(word) + '\''; }

action parse_action(std::string_view word, side allowed)
{
    using names = std::span<const std::string_view>;
    const names known = allowed == side::gateway ? names(gateway_actions) : names(server_actions);
    for (const auto& [name, act] : actions) {
        if (name == word && std::ranges::find(known, word) != known.end())
            return act;
    }
    std::string list;
    for (const auto name : known)
        list += (list.empty() ? "" : ", ") + std::string(name);
    if (word.empty())
        throw rule_error(
            "the action is missing (PATTERN[,PATTERN...][:PORTS] ACTION [for IDENTITY], ACTION one "
            "of " +
            list + ")"
        );
    const auto near = nearest(word, known);
    throw rule_error(
        "unknown action " + quoted(word) +
        (near.empty() ? " (one of: " + list + ")"
                      : " (did you mean " + quoted(near) + "? known: " + list + ")")
    );
}

std::uint16_t parse_port(std::string_view text, std::string_view whole)
{
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size() || port == 0)
        throw rule_error(quoted(whole) + " is no port (1..65535, or a range such as 8000-8100)");
    return port;
}

port_range parse_ports(std::string_view text)
{
    auto rest = text;
    const auto first = parse_port(take(rest, "-"), text);
    const auto last = text.find('-') == std::string_view::npos ? first : parse_port(rest, text);
    if (last < first)
        throw rule_error("the port range " + quoted(text) + " ends before it begins");
    return {first, last};
}

/// Where the port begins in "host:443" or "[::/0]:443"; npos if there is none. Two colons outside
/// of brackets are those of an IPv6 address.
std::size_t port_colon(std::string_view part)
{
    const auto bracket = part.find(']');
    const auto colon = part.find(':', bracket == std::string_view::npos ? 0 : bracket);
    if (colon == std::string_view::npos || part.find(':', colon + 1) != std::string_view::npos)
        return std::string_view::npos;
    return colon;
}

void parse_where(std::string_view word, rule& out)
{
    auto rest = word;
    do {
        auto part = take(rest, ",");
        if (!out.ports.empty()) {
            out.ports.push_back(parse_ports(part));  // behind the first port there are only ports
            continue;
        }
        const auto colon = port_colon(part);
        out.patterns.push_back(parse_pattern(part.substr(0, colon)));
        if (colon != std::string_view::npos)
            out.ports.push_back(parse_ports(part.substr(colon + 1)));
    } while (!rest.empty());
    if (word.ends_with(','))
        throw rule_error(quoted(word) + " ends in a comma");
}

}  // namespace

std::string_view to_string(action a) noexcept
{
    for (const auto& [name, act] : actions) {
        if (act == a)
            return name;
    }
    return "";
}

rule parse_rule(std::string_view text, side allowed)
{
    auto rest = trim(text);
    const auto where = take(rest, blanks);
    if (where.empty())
        throw rule_error("the rule is empty (PATTERN[,PATTERN...][:PORTS] ACTION [for IDENTITY])");
    rest = trim(rest);
    const auto action_word = take(rest, blanks);
    rest = trim(rest);

    rule out;
    parse_where(where, out);
    out.act = parse_action(action_word, allowed);
    out.text = std::string(where) + ' ' + std::string(action_word);
    if (!rest.empty()) {
        const auto word = take(rest, blanks);
        if (word != "for")
            throw rule_error(
                "unexpected " + quoted(word) + " behind the action (only: for IDENTITY)"
            );
        out.identity = trim(rest);  // may hold blanks: a certificate's name does
        if (out.identity.empty())
            throw rule_error("the identity is missing behind 'for'");
        out.text += " for " + out.identity;
    }
    return out;
}

}  // namespace penstock::routing
