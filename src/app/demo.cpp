#include <penstock/config/usage_error.hpp>
#include <penstock/gateway/gateway.hpp>
#include <penstock/pki/pki.hpp>
#include <penstock/server/server.hpp>

#include <chrono>
#include <optional>

#include "arguments.hpp"
#include "role.hpp"

namespace penstock::app {
namespace {

constexpr const char* usage = "penstock demo [--listen ADDRESS]";
constexpr const char* default_listen = "127.0.0.1:1080";
constexpr std::chrono::days lifetime{365};

template <class T>
T require(result<T> made, const char* what)
{
    if (!made)
        throw run_error(std::string(what) + ": " + made.error().message());
    return std::move(*made);
}

/// A certificate authority that is forgotten when the demo ends, and what it made.
struct throw_away_keys {
    pki::validity valid = pki::valid_for(std::chrono::system_clock::now(), lifetime);
    pki::key_pair authority = require(pki::make_authority("penstock demo", valid), "authority");
    pki::key_pair server;
    pki::key_pair client = require(pki::make_client(authority, "demo", valid), "client");

    throw_away_keys()
    {
        const std::vector<host> hosts{host{ip_address{boost::asio::ip::address_v4::loopback()}}};
        server = require(pki::make_server(authority, hosts, valid), "server");
    }
};

server::settings server_settings(const throw_away_keys& keys)
{
    tls::server_settings tls;
    tls.own = {keys.server.certificate_pem, keys.server.key_pem, {}, {}};
    tls.client_ca_pem = keys.authority.certificate_pem;
    tls.client = tls::client_certificate::required;

    server::settings out;
    out.listen = {require(io::parse_listen_address("127.0.0.1:0"), "listen")};
    out.accept.tls = require(tls::context::make_server(tls), "server");
    out.accept.client_certificates = true;
    // Both ends are this machine: its own services are what there is to try.
    routing::rule_list rules;
    rules.add(routing::parse_rule("127.0.0.0/8,::1 allow", routing::side::server));
    rules.add(routing::parse_rule("* allow", routing::side::server));
    out.egress.policy = routing::policy(std::move(rules));
    return out;
}

gateway::settings gateway_settings(
    const throw_away_keys& keys, const io::listen_address& listen, const io::listen_address& server
)
{
    tls::client_settings tls;
    tls.own = {keys.client.certificate_pem, keys.client.key_pem, {}, {}};
    tls.ca_pem = keys.authority.certificate_pem;

    gateway::settings out;
    out.listen = {listen};
    out.servers = {require(transport::parse_server_url("wss://" + io::to_string(server)), "server")
    };
    out.dial.tls = require(tls::context::make_client(tls), "client");
    return out;
}

io::listen_address parse_listen(const std::string& text)
{
    const auto parsed = io::parse_listen_address(text);
    if (!parsed)
        throw config::usage_error(
            "listen: '" + text + "': " + parsed.error().message() +
            " (HOST:PORT, [IPv6]:PORT or unix:PATH)"
        );
    if (!io::is_local(*parsed))
        throw config::usage_error(
            "listen: other machines could reach " + text +
            ", and the demo has no users (listen on 127.0.0.1)"
        );
    return *parsed;
}

}  // namespace

int run_demo(const arguments& args)
{
    namespace po = boost::program_options;
    po::options_description options;
    options.add_options()("listen", po::value<std::string>()->default_value(default_listen), "");
    const auto parsed = parse_arguments(args, options, usage);
    if (!parsed.words.empty())
        throw config::usage_error(
            "unexpected argument '" + parsed.words.front() + "' (usage: " + usage + ")"
        );
    const auto listen = parse_listen(*parsed.one("listen"));

    signals signalled;
    const observe::log_sink log({});
    const throw_away_keys keys;
    server::server far_end(server_settings(keys));
    gateway::gateway near_end(gateway_settings(keys, listen, far_end.addresses().front()));
    far_end.start();
    near_end.start();
    announce_listeners("server", far_end.addresses());
    announce_listeners("gateway", near_end.addresses());

    static_cast<void>(signalled.wait());
    drain("gateway", near_end, signalled);
    drain("server", far_end, signalled);
    return exit_done;
}

std::string help_demo()
{
    return "usage: " + std::string(usage) +
           "\n\n"
           "Runs gateway and server in one process, with a link between them over loopback and "
           "certificates that are\n"
           "made in memory and forgotten. Loopback targets are allowed.\n\n"
           "  --listen ADDRESS   where the proxy listens (127.0.0.1:1080)\n";
}

}  // namespace penstock::app
