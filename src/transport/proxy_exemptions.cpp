#include <penstock/transport/upstream_proxy.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace penstock::transport {
namespace {

namespace ip = boost::asio::ip;

/// The port behind the host, which is removed. An IPv6 address has one only behind brackets.
std::optional<std::uint16_t> take_port(std::string_view& text)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return std::nullopt;
    const bool bracketed = colon > 0 && text[colon - 1] == ']';
    if (!bracketed && text.find(':') != colon)
        return std::nullopt;
    std::uint16_t port = 0;
    const auto* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error != std::errc{} || at != end || port == 0)
        return std::nullopt;
    text = text.substr(0, colon);
    return port;
}

bool is_or_is_below(std::string_view name, std::string_view domain) noexcept
{
    if (!name.ends_with(domain))
        return false;
    return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

}  // namespace

std::optional<proxy_exemptions::network> proxy_exemptions::parse_network(std::string_view text)
{
    const auto slash = text.find('/');
    auto address_text = text.substr(0, slash);
    if (address_text.starts_with('[') && address_text.ends_with(']'))
        address_text = address_text.substr(1, address_text.size() - 2);
    error_code ec;
    const auto address = unmapped(ip::make_address(std::string(address_text), ec));
    if (ec)
        return std::nullopt;
    const unsigned bits_max = address.is_v4() ? 32 : 128;
    unsigned bits = bits_max;
    if (slash != std::string_view::npos) {
        const auto* const end = text.data() + text.size();
        const auto [at, error] = std::from_chars(text.data() + slash + 1, end, bits);
        if (error != std::errc{} || at != end || bits > bits_max)
            return std::nullopt;
    }
    if (address.is_v4())
        return ip::network_v4(address.to_v4(), static_cast<unsigned short>(bits));
    return ip::network_v6(address.to_v6(), static_cast<unsigned short>(bits));
}

bool proxy_exemptions::add(std::string_view text)
{
    entry one;
    if (text == "*") {
        entries_.push_back({everything{}, {}});
        return true;
    }
    one.port = take_port(text);
    if (auto known = parse_network(text)) {
        one.what = *known;
    } else {
        if (text.starts_with("*."))
            text.remove_prefix(1);
        if (text.starts_with('.'))
            text.remove_prefix(1);
        const auto name = parse_host(text);
        if (!name || !std::holds_alternative<std::string>(*name))
            return false;
        one.what = std::get<std::string>(*name);
    }
    entries_.push_back(std::move(one));
    return true;
}

std::string_view proxy_exemptions::add_list(std::string_view list)
{
    constexpr std::string_view separators = ", \t";
    std::string_view bad;
    for (;;) {
        list.remove_prefix(std::min(list.find_first_not_of(separators), list.size()));
        if (list.empty())
            return bad;
        const auto text = list.substr(0, list.find_first_of(separators));
        if (!add(text) && bad.empty())
            bad = text;
        list.remove_prefix(text.size());
    }
}

bool proxy_exemptions::matches(const entry& one, const host& server)
{
    if (std::holds_alternative<everything>(one.what))
        return true;
    if (const auto* const name = std::get_if<std::string>(&one.what)) {
        const auto* const asked = std::get_if<std::string>(&server);
        return asked != nullptr && is_or_is_below(*asked, *name);
    }
    const auto* const literal = std::get_if<ip_address>(&server);
    if (literal == nullptr)
        return false;
    const auto address = unmapped(*literal);
    const auto& range = std::get<network>(one.what);
    if (const auto* const four = std::get_if<ip::network_v4>(&range))
        return address.is_v4() &&
               ip::network_v4(address.to_v4(), four->prefix_length()).canonical() ==
                   four->canonical();
    const auto& six = std::get<ip::network_v6>(range);
    return address.is_v6() &&
           ip::network_v6(address.to_v6(), six.prefix_length()).canonical() == six.canonical();
}

bool proxy_exemptions::covers(const server_url& server) const
{
    const auto parsed = parse_host(server.host);
    return parsed && std::ranges::any_of(entries_, [&](const entry& one) {
               return (!one.port || *one.port == server.port) && matches(one, *parsed);
           });
}

}  // namespace penstock::transport
