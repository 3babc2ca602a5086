#include <penstock/config/configuration.hpp>
#include <penstock/gateway/gateway.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <thread>

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

/// How long conversations with a proxy may take to notice that nobody waits for them any more.
constexpr std::chrono::milliseconds talks_end_within{200};
constexpr std::chrono::milliseconds talks_poll{5};

/// A conversation that hangs is inside libcurl or GSSAPI, whose exit handlers would take away what
/// it uses: the process ends without them then. The log is written and closed.
void end_without_talks(const std::atomic<unsigned>& talks)
{
    for (auto waited = talks_poll; talks != 0 && waited <= talks_end_within; waited += talks_poll)
        std::this_thread::sleep_for(talks_poll);
    if (talks == 0)
        return;
    std::cout.flush();
    std::cerr.flush();
    std::_Exit(exit_done);
}

}  // namespace

int run_gateway(const arguments& args)
{
    const auto read = [&args](std::vector<io::listen_address> inherited) {
        return config::read_gateway({args, environment(), std::move(inherited)});
    };
    std::shared_ptr<const std::atomic<unsigned>> talks;
    const auto tell = [&talks](const gateway::settings& settings) {
        announce_proxy(settings);
        if (settings.dial.proxy)
            talks = settings.dial.proxy->talks;
    };
    run_role<gateway::gateway>("gateway", read, tell);
    if (talks)
        end_without_talks(*talks);
    return exit_done;
}

std::string help_gateway() { return config::help_text(config::role::gateway); }

}  // namespace penstock::app
