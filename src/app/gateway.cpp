#include <penstock/config/configuration.hpp>
#include <penstock/gateway/gateway.hpp>

#include <algorithm>

#include "command.hpp"
#include "role.hpp"

namespace penstock::app {
namespace {

/// A proxy may come from an environment that nobody thought of.
void announce_proxy(const gateway::settings& settings)
{
    if (!settings.dial.proxy)
        return;
    const auto& proxy = *settings.dial.proxy;
    const auto url = transport::to_string(proxy);
    const auto direct = std::ranges::count_if(settings.servers, [&](const auto& server) {
        return settings.dial.direct.covers(server);
    });
    observe::info(
        "gateway.upstream_proxy",
        {{"proxy", url}, {"from", proxy.source}, {"servers_without", direct}}
    );
}

}  // namespace

int run_gateway(const arguments& args)
{
    const auto read = [&args](std::vector<io::listen_address> inherited) {
        return config::read_gateway({args, environment(), std::move(inherited)});
    };
    run_role<gateway::gateway>("gateway", read, announce_proxy);
    return exit_done;
}

std::string help_gateway() { return config::help_text(config::role::gateway); }

}  // namespace penstock::app
