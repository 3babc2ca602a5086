#include <penstock/transport/server_url.hpp>

#include <algorithm>

#include "inputs.hpp"

namespace penstock::config {
namespace {

using namespace std::chrono_literals;

std::vector<transport::server_url> read_servers(const reader& from)
{
    std::vector<transport::server_url> out;
    for (const auto& text : from.values().all({"server"})) {
        auto url = transport::parse_server_url(text.value);
        if (!url) {
            // A password in the URL is not repeated.
            const auto shown =
                text.value.find('@') == std::string::npos ? "'" + text.value + "': " : "";
            throw wrong(text, shown + url.error().message());
        }
        out.push_back(std::move(*url));
    }
    if (out.empty())
        throw usage_error(
            "server: none given (where the tunnel ends: --server wss://HOST[:PORT][/PATH])"
        );
    return out;
}

routing::rule_list read_rules(const reader& from)
{
    routing::rule_list out;
    for (const auto& text : from.values().all({"rule"})) {
        try {
            out.add(routing::parse_rule(text.value, routing::side::gateway));
        } catch (const routing::rule_error& e) {
            throw wrong(text, e.what());
        }
    }
    return out;
}

std::string read_token(const reader& from, std::vector<std::string>& warnings)
{
    const auto tokens = from.values().all({"token", "token-file"});
    if (tokens.empty())
        return {};
    const auto& token = tokens.front();
    auto text = token.value;
    if (token.name == "token-file") {
        text = *from.read_file("token-file", "make a token with: penstock keys token NAME");
        check_secret_file(from, "token-file", warnings);
    }
    text.erase(std::min(text.find_last_not_of(" \t\r\n") + 1, text.size()));
    const auto unfit = [](char c) {
        return static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f;
    };
    if (text.empty() || std::ranges::any_of(text, unfit)) {
        const auto place = token.name == "token-file" ? from.path(token) : "it";
        throw wrong(
            token, place + " does not hold one token (pst_..., made by: penstock keys token NAME)"
        );
    }
    return text;
}

std::string read_server_name(const reader& from)
{
    const auto* const name = from.one("server-name");
    if (name == nullptr)
        return {};
    const auto parsed = parse_host(name->value);
    if (!parsed)
        throw wrong(*name, "'" + name->value + "': " + parsed.error().message());
    return to_string(*parsed);
}

void read_dial(
    const inputs& from,
    const reader& values,
    transport::dial_settings& out,
    std::vector<std::string>& warnings
)
{
    out.token = read_token(values, warnings);
    out.server_name = read_server_name(values);
    read_congestion(values, out.congestion);

    tls::client_settings tls;
    tls.own = read_credentials(role::gateway, values, warnings);
    tls.ca_pem =
        values.read_file("ca", "the ca.crt of the server's `penstock keys init`").value_or("");
    if (values.read_switch("insecure-skip-verify")) {
        if (!tls.own.empty() || !out.token.empty())
            throw wrong(
                *values.one("insecure-skip-verify"),
                "refused together with cert, p12 or a token (whoever answers would be given them; "
                "use --ca)"
            );
        warnings.emplace_back("insecure-skip-verify: the server's certificate is not verified, "
                              "anybody can be the server");
        tls.verify = false;
    }
    tls.keylog = make_keylog(from.environment, warnings);
    auto context = tls::context::make_client(tls);
    if (!context)
        throw wrong_credentials(values, "ca", context.error());
    check_dates(**context, warnings);
    out.tls = std::move(*context);
}

}  // namespace

configuration<gateway::settings> read_gateway(const inputs& from)
{
    configuration<gateway::settings> out;
    const auto values = read_inputs(role::gateway, from, out.warnings);
    auto& s = out.settings;

    out.log = read_log_settings(values);
    s.listen = read_listeners(role::gateway, values, from.inherited);
    s.users = read_users(values, out.warnings);
    const auto open =
        std::ranges::find_if_not(s.listen, [](const auto& a) { return io::is_local(a); });
    if (open != s.listen.end() && !s.users)
        throw usage_error(
            "listen: other machines can reach " + io::to_string(*open) +
            ", so users-file is needed (or listen on 127.0.0.1)"
        );
    if (open != s.listen.end())
        out.warnings.push_back(
            "listen: other machines can reach " + io::to_string(*open) +
            "; names, passwords and targets go there unencrypted"
        );

    s.servers = read_servers(values);
    s.rules = read_rules(values);
    read_threads(values, s.threads);
    values.read_number<unsigned>("lanes", s.lanes, {0, 64});
    read_ping_interval(values, s.tunnel);
    read_link_loss(values, s.tunnel);
    values.read("link-wait", s.link_wait, {0ms, 10min});
    read_drain_timeout(values, s.drain_timeout);
    out.hand_over = read_hand_over(values);
    s.inbound.log_targets = read_log_targets(values);
    read_dial(from, values, s.dial, out.warnings);
    read_upstream_proxy(from, values, s, s.dial, out.warnings);
    out.given = values.values();
    return out;
}

}  // namespace penstock::config
