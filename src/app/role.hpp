#pragma once

#include <penstock/config/configuration.hpp>
#include <penstock/config/usage_error.hpp>
#include <penstock/io/hand_over.hpp>
#include <penstock/io/listen_address.hpp>
#include <penstock/observe/log.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include "service_manager.hpp"
#include "signals.hpp"

namespace penstock::app {

/// Prints what scripts wait for, `gateway.listening address=127.0.0.1:1080`, one line a listener.
void announce_listeners(std::string_view role, const std::vector<io::listen_address>& addresses);

void log_warnings(const std::vector<std::string>& warnings);

/// Lets `role` (a gateway::gateway or server::server) end its streams: `begin` it, and it says when
/// that is done. Returns then, or at once on a second signal.
template <class Role>
void end_streams(std::string_view name, Role& role, signals& signalled)
{
    const auto why = signalled.wait();
    if (why != signals::event::notified)
        observe::info(std::string(name) + ".stopping", {{"signal", observe::bare(to_string(why))}});
    role.stop();  // no call of `done` comes after this
}

template <class Role>
void drain(std::string_view name, Role& role, signals& signalled)
{
    observe::info(std::string(name) + ".draining");
    role.drain([&signalled] { signalled.notify(); });
    end_streams(name, role, signalled);
}

/// Listening sockets that exist before the role does, and where they come from.
struct ready_made {
    std::vector<io::inherited_socket> sockets;
    std::optional<io::hand_over_taker> from;  ///< the process that has them too

    [[nodiscard]] std::vector<io::listen_address> addresses() const;
};

/// Asks the process at `path`, if there is one. Throws: io::hand_over_error.
void take_over(ready_made& into, const std::string& path, std::string_view role);

/// We accept connections: the other process may go, and `giver` takes its path over. If that cannot
/// be, the log has an error: serving goes before being replaced once more. Throws:
/// io::hand_over_error if the other process goes on; the service manager knows that by then.
void replace(
    io::hand_over_taker& other,
    std::optional<io::hand_over_giver>& giver,
    const std::string& path,
    std::string_view role
);

/// Says which of the sockets are of no use, or were expected. Throws: config::usage_error for one
/// of a service manager's that nobody would answer on.
void compare(const ready_made& found, const std::vector<io::listen_address>& wanted);

/// Waits for the end: true if another process has taken over the sockets of `role`, false after a
/// signal.
[[nodiscard]] bool wait_for_end(
    std::string_view name,
    signals& signalled,
    io::hand_over_giver* giver,
    const std::vector<io::shared_socket>& sockets
);

/// A role from its options to its end. `read` makes a config::configuration of the addresses of
/// sockets that are there already; `tell` logs what a user should know of its settings.
template <class Role, class Read, class Tell>
void run_role(std::string_view name, Read read, Tell tell)
{
    ready_made found{.sockets = activated_sockets(), .from = {}};
    auto config = read(found.addresses());
    signals signalled;
    const observe::log_sink log(config.log);
    log_warnings(config.warnings);
    if (!config.hand_over.empty()) {
        take_over(found, config.hand_over, name);
        if (found.from && config.given.all({"listen"}).empty())
            config = read(found.addresses());
    }
    compare(found, config.settings.listen);
    tell(config.settings);

    Role role(std::move(config.settings), std::move(found.sockets));
    std::optional<io::hand_over_giver> giver;
    if (!found.from && !config.hand_over.empty())
        giver.emplace(config.hand_over, std::string(name));
    const auto sockets = role.sockets();
    role.start();
    announce_listeners(name, role.addresses());
    // Before the old process ends: a service manager must know by then that we are the main one.
    notify_service_manager(ready_lines(::getpid()));
    if (found.from) {
        replace(*found.from, giver, config.hand_over, name);
        role.own_paths(true);
    }

    const bool replaced = wait_for_end(name, signalled, giver ? &*giver : nullptr, sockets);
    if (!replaced && giver && giver->let_go())
        role.own_paths(false);
    giver.reset();
    if (!replaced) {
        notify_service_manager("STOPPING=1");
        drain(name, role, signalled);
        return;
    }
    role.leave([&signalled] { signalled.notify(); });
    end_streams(name, role, signalled);
}

}  // namespace penstock::app
