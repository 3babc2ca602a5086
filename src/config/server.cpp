#include <penstock/transport/fallback.hpp>
#include <penstock/transport/server_url.hpp>

#include <algorithm>
#include <filesystem>

#include "inputs.hpp"

namespace penstock::config {
namespace {

using namespace std::chrono_literals;

/// "PATTERN" or "PATTERN for IDENTITY", with the option's name as the action.
routing::rule parse_allow_or_deny(const given& option)
{
    const auto blank = std::min(option.value.find(' '), option.value.size());
    const auto text =
        option.value.substr(0, blank) + ' ' + option.name + option.value.substr(blank);
    try {
        return routing::parse_rule(text, routing::side::server);
    } catch (const routing::rule_error& e) {
        throw wrong(option, e.what());
    }
}

routing::rule_list read_policy(const reader& from)
{
    routing::rule_list out;
    for (const auto& option : from.values().all({"allow", "deny"}))
        out.add(parse_allow_or_deny(option));
    if (const auto text =
            from.read_file("rules-file", "one rule a line: PATTERN[:PORTS] allow|deny")) {
        const auto& option = *from.one("rules-file");
        try {
            out.append(routing::rule_list::parse_file(*text, routing::side::server));
        } catch (const routing::rule_error& e) {
            throw wrong(option, from.path(option) + " " + e.what());
        }
    }
    return out;
}

void read_path(const reader& from, std::string& out)
{
    const auto* const path = from.one("path");
    if (path == nullptr)
        return;
    const auto unfit = [](char c) { return c <= ' ' || c >= 0x7f || c == '?' || c == '#'; };
    if (path->value.size() < 2 || path->value.front() != '/' ||
        std::ranges::any_of(path->value, unfit))
        throw wrong(*path, "'" + path->value + "' is no path (such as /penstock)");
    out = path->value;
}

void read_node(const reader& from, std::string& out)
{
    const auto* const node = from.one("node");
    if (node == nullptr)
        return;
    if (!transport::is_node_name(node->value))
        throw wrong(*node, "'" + node->value + "' is no name (1 to 64 of A-Z a-z 0-9 - . _)");
    out = node->value;
}

void read_fallback(const reader& from, transport::fallback& out)
{
    const auto* const option = from.one("fallback");
    if (option == nullptr)
        return;
    const bool is_folder = option->value != "404" && option->value.find("://") == std::string::npos;
    const auto parsed = transport::parse_fallback(is_folder ? from.path(*option) : option->value);
    if (!parsed)
        throw wrong(
            *option, "'" + option->value + "' is none of 404, a folder, http://ADDRESS:PORT"
        );
    std::error_code ec;
    if (is_folder && !std::filesystem::is_directory(from.path(*option), ec))
        throw wrong(
            *option, from.path(*option) + " is no folder (404, a folder, or http://ADDRESS:PORT)"
        );
    out = *parsed;
}

/// Nobody else is to come in by accident.
void check_identities(
    const reader& from, const transport::accept_settings& accept, std::vector<std::string>& warnings
)
{
    if (accept.anonymous)
        warnings.emplace_back("anonymous: everybody who reaches this server may use it");
    else if (!accept.client_certificates && !accept.users)
        throw usage_error(
            from.read_switch("plain") ? "users-file: none given, so nobody could come in (tokens: "
                                        "penstock keys token NAME; or --anonymous)"
                                      : "client-ca: neither it nor users-file is given, so nobody "
                                        "could come in (--client-ca ca.crt, or "
                                        "--users-file with tokens; --anonymous lets everybody in)"
        );
}

void read_plain(const reader& from, const server::settings& s, std::vector<std::string>& warnings)
{
    for (const auto* const name : {"cert", "key", "client-ca"}) {
        if (const auto* const option = from.one(name))
            throw wrong(
                *option, "given together with plain, which does without TLS (one or the other)"
            );
    }
    for (const auto& address : s.listen) {
        if (!io::is_local(address))
            throw wrong(
                *from.one("plain"),
                "refused with listen " + io::to_string(address) +
                    ": other machines would reach it without TLS (listen on 127.0.0.1)"
            );
    }
    warnings.emplace_back("plain: no TLS here; the reverse proxy in front has to do it");
}

void read_tls(
    const inputs& from,
    const reader& values,
    transport::accept_settings& out,
    std::vector<std::string>& warnings
)
{
    tls::server_settings tls;
    tls.own = read_credentials(role::server, values, warnings);
    if (tls.own.empty())
        throw usage_error("cert: none given (make one with: penstock keys init DIR --name HOST)");
    if (auto authorities =
            values.read_file("client-ca", "make one with: penstock keys init DIR --name HOST")) {
        tls.client_ca_pem = std::move(*authorities);
        // Never required in the handshake: strangers are to see the fallback, and a token will do
        // as well.
        tls.client = tls::client_certificate::optional;
        out.client_certificates = true;
    }
    tls.keylog = make_keylog(from.environment, warnings);
    auto context = tls::context::make_server(tls);
    if (!context)
        throw wrong_credentials(values, "client-ca", context.error());
    check_dates(**context, warnings);
    out.tls = std::move(*context);
}

void read_limits(const reader& from, server::settings& s)
{
    constexpr std::size_t kib = 1024;
    constexpr std::size_t gib = 1024 * 1024 * kib;
    from.read("dial-timeout", s.egress.dial_timeout, {100ms, 10min});
    s.egress.dial_timeout_max = std::max(s.egress.dial_timeout_max, s.egress.dial_timeout);
    // A gateway may open 16 streams before it has heard of any limit (PROTOCOL.md, HELLO).
    from.read_number<std::uint32_t>(
        "streams-per-lane-max", s.tunnel.streams_per_lane_max, {16, 1'000'000}
    );
    from.read_number<std::uint32_t>(
        "streams-per-principal-max", s.tunnel.streams_per_principal_max, {1, 10'000'000}
    );
    from.read_number<std::uint32_t>(
        "dials-per-session-max", s.tunnel.dials_per_session_max, {1, 100'000}
    );
    from.read_size("window-max", s.tunnel.window_bytes_max, {64 * kib, gib});
    from.read_size("memory-budget", s.tunnel.memory_budget_bytes, {0, 1024 * gib});
    constexpr std::size_t budget_min = 16 * 1024 * kib;  // less would not hold one window
    if (s.tunnel.memory_budget_bytes != 0 && s.tunnel.memory_budget_bytes < budget_min)
        throw wrong(*from.one("memory-budget"), "below 16MiB (or 0 for a quarter of the memory)");
}

}  // namespace

configuration<server::settings> read_server(const inputs& from)
{
    configuration<server::settings> out;
    const auto values = read_inputs(role::server, from, out.warnings);
    auto& s = out.settings;

    out.log = read_log_settings(values);
    s.listen = read_listeners(role::server, values, from.inherited);
    s.accept.users = read_users(values, out.warnings);
    s.accept.anonymous = values.read_switch("anonymous");
    read_path(values, s.accept.path);
    read_node(values, s.node);
    read_fallback(values, s.accept.fallback);
    s.egress.policy = routing::policy(read_policy(values));
    read_threads(values, s.threads);
    read_ping_interval(values, s.tunnel);
    read_link_loss(values, s.tunnel);
    read_drain_timeout(values, s.drain_timeout);
    out.hand_over = read_hand_over(values);
    read_congestion(values, s.accept.congestion);
    read_limits(values, s);
    s.log_targets = read_log_targets(values);
    if (values.read_switch("plain"))
        read_plain(values, s, out.warnings);
    else
        read_tls(from, values, s.accept, out.warnings);
    check_identities(values, s.accept, out.warnings);
    out.given = values.values();
    return out;
}

}  // namespace penstock::config
