#include <penstock/config/configuration.hpp>
#include <penstock/server/server.hpp>

#include "command.hpp"
#include "role.hpp"

namespace penstock::app {

int run_server(const arguments& args)
{
    auto config = config::read_server({args, environment()});
    signals signalled;
    const observe::log_sink log(config.log);
    log_warnings(config.warnings);

    server::server role(std::move(config.settings));
    announce_listeners("server", role.addresses());
    role.start();
    static_cast<void>(signalled.wait());
    drain("server", role, signalled);
    return exit_done;
}

std::string help_server() { return config::help_text(config::role::server); }

}  // namespace penstock::app
