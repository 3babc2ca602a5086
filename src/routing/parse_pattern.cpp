#include "parse_pattern.hpp"

#include <charconv>

#include "bits.hpp"

namespace penstock::routing {
namespace {

std::string quoted(std::string_view word) { return '\'' + std::string(word) + '\''; }

/// `[2001:db8::]/32` and `[2001:db8::/32]` are both written; without brackets they are the same
/// text.
std::string without_brackets(std::string_view text)
{
    std::string plain(text);
    if (plain.starts_with('[')) {
        const auto end = plain.find(']');
        if (end == std::string::npos)
            throw rule_error(quoted(text) + " has no closing bracket");
        if (end + 1 < plain.size() && plain[end + 1] != '/')
            throw rule_error(
                quoted(text) + ": expected '/' or ':' and one port behind the bracket"
            );
        plain.erase(end, 1);
        plain.erase(0, 1);
    }
    return plain;
}

network_pattern make_network(std::string_view text, ip_address address, unsigned prefix_bits)
{
    if (address.is_v6() && address.to_v6().is_v4_mapped() && prefix_bits >= 96) {
        address = unmapped(address);  // as every address is before it is matched
        prefix_bits -= 96;
    }
    const network_pattern network{
        masked(address, prefix_bits), static_cast<std::uint8_t>(prefix_bits)
    };
    if (network.network != address) {
        const auto meant = network.network.to_string() + '/' + std::to_string(prefix_bits);
        throw rule_error(
            quoted(text) + " has bits behind its prefix (did you mean " + meant + "?)"
        );
    }
    return network;
}

network_pattern parse_network(std::string_view text)
{
    const auto plain = without_brackets(text);
    const auto slash = plain.find('/');
    const auto parsed = parse_host(std::string_view(plain).substr(0, slash));
    const auto* const address = parsed ? std::get_if<ip_address>(&*parsed) : nullptr;
    if (address == nullptr)
        throw rule_error(
            quoted(text) + " is no address or network (such as 192.0.2.0/24 or [2001:db8::/32])"
        );

    const unsigned bits_max = address->is_v4() ? 32 : 128;
    unsigned bits = bits_max;
    if (slash != std::string::npos) {
        const auto* const end = plain.data() + plain.size();
        const auto [stop, error] = std::from_chars(plain.data() + slash + 1, end, bits);
        if (error != std::errc{} || stop != end || bits > bits_max)
            throw rule_error(
                quoted(text) + ": the prefix must be in 0.." + std::to_string(bits_max)
            );
    }
    return make_network(text, *address, bits);
}

}  // namespace

pattern parse_pattern(std::string_view text)
{
    if (text.empty())
        throw rule_error("a pattern is empty (a name, .suffix, address, network or *)");
    if (text == "*")
        return any_pattern{};
    if (text.find_first_of("/[:") != std::string_view::npos)
        return parse_network(text);

    const bool suffix = text.starts_with('.');
    const auto parsed = parse_host(text.substr(suffix ? 1 : 0));
    if (parsed && !suffix && std::holds_alternative<ip_address>(*parsed))
        return parse_network(text);
    if (parsed && std::holds_alternative<std::string>(*parsed))
        return name_pattern{std::get<std::string>(*parsed), suffix};

    if (text.starts_with("*."))
        throw rule_error(
            quoted(text) + ": write " + quoted(text.substr(1)) + " for a domain and all below it"
        );
    throw rule_error(quoted(text) + " is no name, .suffix, address or network");
}

}  // namespace penstock::routing
