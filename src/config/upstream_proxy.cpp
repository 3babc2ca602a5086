// The proxy between gateway and server: from an option, or from the environment as everybody has
// it.
#include <penstock/net/local_addresses.hpp>

#include <algorithm>
#include <array>

#include "inputs.hpp"

namespace penstock::config {
namespace {

using transport::upstream_proxy;

/// How long user and password of SOCKS5 may be (RFC 1929 section 2).
constexpr std::size_t socks_login_octets_max = 255;

constexpr std::string_view auth_remedy = "one line, user:password";

/// The first of `names` that is set to something; `wrong()` can be told of it.
std::optional<given>
find_variable(const std::vector<std::string>& environment, std::span<const std::string_view> names)
{
    for (const auto name : names) {
        for (const auto& entry : environment) {
            const auto equals = entry.find('=');
            if (entry.substr(0, equals) == name && equals + 1 < entry.size())
                return given{"upstream-proxy", entry.substr(equals + 1), std::string(name), {}};
        }
    }
    return std::nullopt;
}

upstream_proxy parse(const given& text, const std::string& remedy)
{
    auto proxy = transport::parse_proxy_url(text.value);
    if (proxy)
        return std::move(*proxy);
    const auto shown = transport::has_login(text.value) ? std::string() : "'" + text.value + "': ";
    throw wrong(text, shown + proxy.error().message() + remedy);
}

/// A server of this machine: what the environment says of proxies is not meant for it.
bool is_here(const transport::server_url& server)
{
    const auto parsed = parse_host(server.host);
    if (!parsed)
        return false;
    if (const auto* const name = std::get_if<std::string>(&*parsed))
        return *name == "localhost" || name->ends_with(".localhost");
    return unmapped(std::get<ip_address>(*parsed)).is_loopback();
}

transport::proxy_exemptions read_exemptions(const inputs& from, const reader& values)
{
    static constexpr std::array<std::string_view, 2> variables{"no_proxy", "NO_PROXY"};
    transport::proxy_exemptions out;
    const auto options = values.values().all({"no-proxy"});
    for (const auto& each : options) {
        if (const auto bad = out.add_list(each.value); !bad.empty())
            throw wrong(
                each, "'" + std::string(bad) + "' is neither a name, an address, a network nor *"
            );
    }
    if (options.empty()) {
        if (const auto list = find_variable(from.environment, variables))
            static_cast<void>(out.add_list(list->value));  // what is unknown never matches
    }
    return out;
}

/// Where a proxy is, as far as that is known without asking a resolver.
std::vector<ip_address> addresses_of(const upstream_proxy& proxy)
{
    if (proxy.host == "localhost")
        return {boost::asio::ip::address_v4::loopback(), boost::asio::ip::address_v6::loopback()};
    error_code ec;
    const auto address = unmapped(boost::asio::ip::make_address(proxy.host, ec));
    return ec ? std::vector<ip_address>() : std::vector{address};
}

/// Whether who connects to `wanted` reaches a listener at `own`.
bool leads_to(const ip_address& own, const ip_address& wanted)
{
    if (!own.is_unspecified())
        return own == wanted;
    if (own.is_v4() && wanted.is_v6())
        return false;
    if (wanted.is_loopback() || wanted.is_unspecified())
        return true;
    return std::ranges::count(net::local_addresses(), wanted) > 0;
}

/// Whether the proxy is one of our own listeners, as where https_proxy leads programs to us.
bool is_ourselves(const upstream_proxy& proxy, const std::vector<io::listen_address>& listeners)
{
    const auto addresses = addresses_of(proxy);
    return std::ranges::any_of(listeners, [&](const io::listen_address& each) {
        const auto* const endpoint = std::get_if<io::tcp::endpoint>(&each);
        if (endpoint == nullptr || endpoint->port() != proxy.port)
            return false;
        const auto own = unmapped(endpoint->address());
        return std::ranges::any_of(addresses, [&](const auto& a) { return leads_to(own, a); });
    });
}

std::optional<transport::proxy_login>
read_login(const reader& values, std::vector<std::string>& warnings)
{
    const auto logins = values.values().all({"upstream-proxy-auth", "upstream-proxy-auth-file"});
    if (logins.empty())
        return std::nullopt;
    const auto& login = logins.front();
    auto text = login.value;
    auto source = login.where;
    if (login.name == "upstream-proxy-auth-file") {
        text = *values.read_file(login.name, auth_remedy);
        check_secret_file(values, login.name, warnings);
        source = "the file that --upstream-proxy-auth-file names";
        const auto end = text.find_last_not_of("\r\n");
        text.erase(std::min(end + 1, text.size()));
    }
    auto parsed = transport::parse_login(text);
    if (!parsed) {
        const auto place = login.name == "upstream-proxy-auth-file" ? values.path(login) : "it";
        throw wrong(login, place + " does not hold user:password (in one line)");
    }
    parsed->source = std::move(source);
    return std::move(*parsed);
}

/// Whether the proxy is used or not: the value is in a file or among the arguments.
void refuse_login_in_option(const reader& values)
{
    const auto* const option = values.one("upstream-proxy");
    if (option != nullptr && transport::has_login(option->value))
        throw wrong(
            *option,
            "credentials do not belong here, where others can see them (put user:password "
            "into a file and name it with --upstream-proxy-auth-file)"
        );
}

/// The proxy that the option or the environment names. Null: none.
std::optional<upstream_proxy> read_proxy(
    const inputs& from,
    const reader& values,
    const std::vector<io::listen_address>& listeners,
    std::vector<std::string>& warnings
)
{
    static constexpr std::array<std::string_view, 4> variables{
        "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"
    };
    if (const auto* const option = values.one("upstream-proxy")) {
        if (option->value == "none")
            return std::nullopt;
        auto proxy = parse(*option, "");
        if (is_ourselves(proxy, listeners))
            throw wrong(*option, option->value + " is this gateway itself (see listen)");
        return proxy;
    }
    const auto variable = find_variable(from.environment, variables);
    if (!variable)
        return std::nullopt;
    auto proxy = parse(*variable, " (or go without it: --upstream-proxy none)");
    proxy.source = variable->where;
    if (proxy.login)
        proxy.login->source = "user and password in " + variable->where;
    if (is_ourselves(proxy, listeners)) {
        warnings.push_back(
            variable->where + ": " + transport::to_string(proxy) +
            " is this gateway itself; the server is dialled without a proxy"
        );
        return std::nullopt;
    }
    return proxy;
}

}  // namespace

void read_upstream_proxy(
    const inputs& from,
    const reader& values,
    const gateway::settings& known,
    transport::dial_settings& out,
    std::vector<std::string>& warnings
)
{
    refuse_login_in_option(values);
    const auto exemptions = read_exemptions(from, values);
    auto login = read_login(values, warnings);
    const bool by_environment = !values.has("upstream-proxy");
    const auto goes_through = [&](const transport::server_url& server) {
        return !exemptions.covers(server) && !(by_environment && is_here(server));
    };
    if (std::ranges::none_of(known.servers, goes_through))
        return;
    auto proxy = read_proxy(from, values, known.listen, warnings);
    if (!proxy)
        return;
    if (login)
        proxy->login = std::move(login);
    if (proxy->login && proxy->kind == upstream_proxy::scheme::socks5) {
        const auto unfit = [](const std::string& text) {
            return text.empty() || text.size() > socks_login_octets_max;
        };
        if (unfit(proxy->login->user) || unfit(proxy->login->password))
            throw usage_error(
                "upstream-proxy: " + proxy->login->source +
                ": SOCKS5 takes a user and a password of 1 to 255 octets each"
            );
    }
    out.direct = exemptions;
    if (by_environment) {
        for (const auto* const here : {"localhost", "127.0.0.0/8", "::1"})
            static_cast<void>(out.direct.add(here));
    }
    out.proxy = std::move(proxy);
}

}  // namespace penstock::config
