#include <penstock/config/configuration.hpp>
#include <penstock/gateway/gateway.hpp>

#include "command.hpp"
#include "role.hpp"

namespace penstock::app {

int run_gateway(const arguments& args)
{
    run_role<gateway::gateway>("gateway", [&args](std::vector<io::listen_address> inherited) {
        return config::read_gateway({args, environment(), std::move(inherited)});
    });
    return exit_done;
}

std::string help_gateway() { return config::help_text(config::role::gateway); }

}  // namespace penstock::app
