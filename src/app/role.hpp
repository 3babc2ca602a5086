#pragma once

#include <penstock/io/listen_address.hpp>
#include <penstock/observe/log.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "signals.hpp"

namespace penstock::app {

/// Prints what scripts wait for, `gateway.listening address=127.0.0.1:1080`, one line a listener.
inline void
announce_listeners(std::string_view role, const std::vector<io::listen_address>& addresses)
{
    for (const auto& address : addresses) {
        const auto text = io::to_string(address);
        observe::announce(std::string(role) + ".listening", {{"address", observe::bare(text)}});
    }
}

inline void log_warnings(const std::vector<std::string>& warnings)
{
    for (const auto& warning : warnings)
        observe::warning("config.warning", {{"text", warning}});
}

/// Lets `role` (a gateway::gateway or server::server) end its streams. Returns when it has, or at
/// once on a second signal.
template <class Role>
void drain(std::string_view name, Role& role, signals& signalled)
{
    observe::info(std::string(name) + ".draining");
    role.drain([&signalled] { signalled.notify(); });
    const auto why = signalled.wait();
    if (why != signals::event::notified)
        observe::info(std::string(name) + ".stopping", {{"signal", observe::bare(to_string(why))}});
    role.stop();  // no call of `done` comes after this
}

}  // namespace penstock::app
