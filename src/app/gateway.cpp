#include <penstock/config/configuration.hpp>
#include <penstock/gateway/gateway.hpp>

#include "command.hpp"
#include "role.hpp"

namespace penstock::app {

int run_gateway(const arguments& args)
{
    auto config = config::read_gateway({args, environment()});
    signals signalled;
    const observe::log_sink log(config.log);
    log_warnings(config.warnings);

    gateway::gateway role(std::move(config.settings));
    announce_listeners("gateway", role.addresses());
    role.start();
    static_cast<void>(signalled.wait());
    drain("gateway", role, signalled);
    return exit_done;
}

std::string help_gateway() { return config::help_text(config::role::gateway); }

}  // namespace penstock::app
