#include <penstock/config/usage_error.hpp>

#include <fstream>

#include "arguments.hpp"
#include "proxy_connection.hpp"
#include "stdio_relay.hpp"

namespace penstock::app {
namespace {

constexpr const char* usage =
    "penstock nc [--via HOST:PORT | --via unix:PATH] [--via-auth-file FILE] HOST PORT";
constexpr const char* default_via = "127.0.0.1:1080";

/// The first line of the file, NAME:PASSWORD.
socks::credentials read_credentials(const std::string& path)
{
    std::ifstream file(path);
    std::string line;
    if (!file || !std::getline(file, line))
        throw config::usage_error(
            "via-auth-file: cannot read " + path + " (one line, NAME:PASSWORD)"
        );
    if (line.ends_with('\r'))
        line.pop_back();
    const auto colon = line.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == line.size())
        throw config::usage_error(
            "via-auth-file: the first line of " + path + " is not NAME:PASSWORD"
        );
    return {line.substr(0, colon), line.substr(colon + 1)};
}

target parse_destination(const std::vector<std::string>& words)
{
    if (words.size() != 2)
        throw config::usage_error("expected HOST and PORT (usage: " + std::string(usage) + ")");
    const auto parsed_host = parse_host(words[0]);
    if (!parsed_host)
        throw config::usage_error("'" + words[0] + "': " + parsed_host.error().message());
    const auto parsed = parse_target("port:" + words[1]);
    if (!parsed)
        throw config::usage_error("'" + words[1] + "': " + parsed.error().message());
    return {*parsed_host, parsed->port};
}

}  // namespace

int run_nc(const arguments& args)
{
    namespace po = boost::program_options;
    po::options_description options;
    options.add_options()("via", po::value<std::string>()->default_value(default_via), "")(
        "via-auth-file", po::value<std::string>(), ""
    );
    const auto parsed = parse_arguments(args, options, usage);
    const auto destination = parse_destination(parsed.words);
    std::optional<socks::credentials> login;
    if (const auto* const file = parsed.one("via-auth-file"))
        login = read_credentials(*file);

    auto connection = connect_through(*parsed.one("via"), destination, std::move(login));
    relay_stdio(connection.socket.get(), std::move(connection.early));
    return exit_done;
}

std::string help_nc()
{
    return "usage: " + std::string(usage) +
           "\n\n"
           "Connects stdin and stdout with HOST:PORT through a running gateway, for instance\n\n"
           "  ssh -o ProxyCommand=\"penstock nc %h %p\" user@host\n\n"
           "  --via HOST:PORT or unix:PATH   where the gateway listens (127.0.0.1:1080)\n"
           "  --via-auth-file FILE           one line NAME:PASSWORD, if the gateway has users\n\n"
           "EOF on stdin is passed on while answers still arrive; it exits when both directions "
           "are done.\n"
           "Exit status: 0 done, 1 the connection failed or broke, 2 wrong usage.\n";
}

}  // namespace penstock::app
