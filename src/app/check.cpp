#include <penstock/config/configuration.hpp>
#include <penstock/config/read_file.hpp>

#include <iostream>

#include "command.hpp"

namespace penstock::app {
namespace {

void print(
    config::role role, const config::given_values& given, const std::vector<std::string>& warnings
)
{
    std::cout << config::describe(role, given);
    for (const auto& warning : warnings)
        std::cout << "warning: " << warning << '\n';
}

/// Everything the file says is read as the command would, without the environment: it is the file
/// that is checked.
void check(const std::string& file)
{
    std::string why;
    const auto text = config::read_whole_file(file, why);
    if (!text)
        throw config::usage_error("cannot read " + file + ": " + why);

    const config::inputs from{{"--config", file}, {}};
    const bool has_gateway = config::has_section(config::role::gateway, *text);
    const bool has_server = config::has_section(config::role::server, *text);
    if (has_gateway || !has_server) {
        const auto config =
            config::read_gateway(from);  // without any section: complains of what is there
        print(config::role::gateway, config.given, config.warnings);
    }
    if (has_server) {
        const auto config = config::read_server(from);
        print(config::role::server, config.given, config.warnings);
    }
}

}  // namespace

int run_check(const arguments& args)
{
    if (args.empty())
        throw config::usage_error("expected one file or more (usage: penstock check FILE...)");
    for (const auto& file : args) {
        if (file.starts_with('-'))
            throw config::usage_error(
                "unknown option: " + file + " (usage: penstock check FILE...)"
            );
        std::cout << "# " << file << '\n';
        check(file);
    }
    return exit_done;
}

std::string help_check()
{
    return "usage: penstock check FILE...\n\n"
           "Reads configuration files as `penstock gateway` and `penstock server` do, with the "
           "files that they name,\n"
           "prints what is in force and every insecure choice, and opens no socket. Exit status: "
           "0, or 2 with the\n"
           "first thing that is wrong.\n";
}

}  // namespace penstock::app
