#include <penstock/base/nearest.hpp>
#include <penstock/config/usage_error.hpp>
#include <penstock/io/socket.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <exception>
#include <iostream>

#include "command.hpp"

namespace penstock::app {
namespace {

constexpr std::array<command, 8> all_commands{{
    {"gateway", "the local SOCKS and HTTP proxy", run_gateway, help_gateway},
    {"server", "the tunnel's far end", run_server, help_server},
    {"demo", "both in one process, to try it out", run_demo, help_demo},
    {"nc", "stdin and stdout through a running gateway, for ssh", run_nc, help_nc},
    {"keys", "make certificates, tokens and passwords", run_keys, help_keys},
    {"check", "say what configuration files mean, and what is insecure", run_check, help_check},
    {"version", "say which version this is", run_version, help_version},
    {"help", "say more about a command", run_help, help_help},
}};

int complain(std::string_view verb, std::string_view line, int status)
{
    std::cerr << "penstock" << (verb.empty() ? "" : " ") << verb << ": " << line << '\n';
    return status;
}

int run_command(const command& chosen, const arguments& args)
{
    const auto asks_for_help = [](const std::string& word) {
        return word == "--help" || word == "-h";
    };
    if (std::ranges::any_of(args, asks_for_help)) {
        std::cout << chosen.help();
        return exit_done;
    }
    try {
        return chosen.run(args);
    } catch (const config::usage_error& e) {
        return complain(chosen.name, e.what(), exit_usage);
    } catch (const std::exception& e) {
        return complain(chosen.name, e.what(), exit_failed);
    }
}

int dispatch(const arguments& words)
{
    if (words.empty()) {
        std::cerr << help_help();
        return exit_usage;
    }
    auto verb = words.front();
    if (verb == "--version")
        verb = "version";
    else if (verb == "--help" || verb == "-h")
        verb = "help";
    const auto* const chosen = std::ranges::find(all_commands, verb, &command::name);
    if (chosen != all_commands.end())
        return run_command(*chosen, {words.begin() + 1, words.end()});

    std::array<std::string_view, all_commands.size()> names;
    std::ranges::transform(all_commands, names.begin(), &command::name);
    const auto near = nearest(verb, names);
    const auto hint =
        near.empty() ? "see: penstock help" : "did you mean '" + std::string(near) + "'?";
    return complain("", "unknown command: '" + verb + "' (" + hint + ")", exit_usage);
}

}  // namespace

std::span<const command> commands() noexcept { return all_commands; }

std::vector<std::string> environment()
{
    std::vector<std::string> entries;
    for (char** entry = environ; *entry != nullptr; ++entry)
        entries.emplace_back(*entry);
    return entries;
}

}  // namespace penstock::app

int main(int argc, char** argv)
{
    // A peer that went away is an error code of the write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): it cannot fail for this signal
    penstock::io::raise_descriptor_limit();
    return penstock::app::dispatch({argv + std::min(argc, 1), argv + argc});
}
