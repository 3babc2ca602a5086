#include <penstock/routing/rule_list.hpp>

#include <algorithm>
#include <array>

#include "bits.hpp"
#include "text.hpp"

namespace penstock::routing {
namespace {

template <std::size_t N>
std::array<unsigned char, N>
masked_bytes(std::array<unsigned char, N> bytes, unsigned prefix_bits) noexcept
{
    for (std::size_t i = 0; i < N; ++i) {
        const auto begin = static_cast<unsigned>(i) * 8;
        const auto kept = prefix_bits <= begin ? 0U : std::min(8U, prefix_bits - begin);
        bytes[i] = static_cast<unsigned char>(bytes[i] & (0xff00U >> kept));
    }
    return bytes;
}

}  // namespace

ip_address masked(const ip_address& address, unsigned prefix_bits) noexcept
{
    namespace ip = boost::asio::ip;
    if (address.is_v4())
        return ip::address_v4(masked_bytes(address.to_v4().to_bytes(), prefix_bits));
    return ip::address_v6(masked_bytes(address.to_v6().to_bytes(), prefix_bits));
}

bool network_pattern::covers(const ip_address& address) const noexcept
{
    return network.is_v4() == address.is_v4() && masked(address, prefix_bits) == network;
}

bool matches(const pattern& p, const host& h) noexcept
{
    if (std::holds_alternative<any_pattern>(p))
        return true;
    if (const auto* const network = std::get_if<network_pattern>(&p)) {
        const auto* const address = std::get_if<ip_address>(&h);
        return address != nullptr && network->covers(unmapped(*address));
    }
    const auto& wanted = std::get<name_pattern>(p);
    const auto* const name = std::get_if<std::string>(&h);
    if (name == nullptr)
        return false;
    if (*name == wanted.name)
        return true;
    return wanted.suffix && name->size() > wanted.name.size() && name->ends_with(wanted.name) &&
           (*name)[name->size() - wanted.name.size() - 1] == '.';
}

bool rule::matches_port(std::uint16_t port) const noexcept
{
    return ports.empty() || std::ranges::any_of(ports, [port](port_range r) {
               return r.first <= port && port <= r.last;
           });
}

bool rule::matches_identity(std::string_view who) const noexcept
{
    return identity.empty() || identity == who;
}

rule_list rule_list::parse_file(std::string_view text, side allowed)
{
    rule_list list;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto line = trim(take(text, "\n"));
        if (line.empty() || line.starts_with('#'))
            continue;
        try {
            list.add(parse_rule(line, allowed));
        } catch (const rule_error& e) {
            throw rule_error("line " + std::to_string(number) + ": " + e.what());
        }
    }
    return list;
}

void rule_list::append(const rule_list& others)
{
    rules_.insert(rules_.end(), others.rules_.begin(), others.rules_.end());
}

const rule*
rule_list::first_match(const host& h, std::uint16_t port, std::string_view identity) const noexcept
{
    const auto hit = std::ranges::find_if(rules_, [&](const rule& r) {
        return r.matches_port(port) && r.matches_identity(identity) &&
               std::ranges::any_of(r.patterns, [&h](const pattern& p) { return matches(p, h); });
    });
    return hit == rules_.end() ? nullptr : &*hit;
}

}  // namespace penstock::routing
