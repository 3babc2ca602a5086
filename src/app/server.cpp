#include <penstock/config/configuration.hpp>
#include <penstock/server/server.hpp>

#include "command.hpp"
#include "role.hpp"

namespace penstock::app {

int run_server(const arguments& args)
{
    const auto read = [&args](std::vector<io::listen_address> inherited) {
        return config::read_server({args, environment(), std::move(inherited)});
    };
    run_role<server::server>("server", read, [](const server::settings&) {});
    return exit_done;
}

std::string help_server() { return config::help_text(config::role::server); }

}  // namespace penstock::app
