#include "role.hpp"

#include <algorithm>
#include <chrono>

namespace penstock::app {

void announce_listeners(std::string_view role, const std::vector<io::listen_address>& addresses)
{
    for (const auto& address : addresses) {
        const auto text = io::to_string(address);
        observe::announce(std::string(role) + ".listening", {{"address", observe::bare(text)}});
    }
}

void log_warnings(const std::vector<std::string>& warnings)
{
    for (const auto& warning : warnings)
        observe::warning("config.warning", {{"text", warning}});
}

std::vector<io::listen_address> ready_made::addresses() const
{
    std::vector<io::listen_address> all;
    for (const auto& socket : sockets)
        all.push_back(socket.address);
    return all;
}

void take_over(ready_made& into, const std::string& path, std::string_view role)
{
    into.from = io::hand_over_taker::connect(path, role);
    if (!into.from)
        return;
    // A service manager's own sockets are the same ones, or newer.
    for (auto& socket : into.from->take())
        into.sockets.push_back(std::move(socket));
}

void replace(
    io::hand_over_taker& other,
    std::optional<io::hand_over_giver>& giver,
    const std::string& path,
    std::string_view role
)
{
    try {
        other.ready();
    } catch (const io::hand_over_error&) {
        notify_service_manager(ready_lines(other.peer()));
        throw;
    }
    observe::info(std::string(role) + ".took_over", {{"from", other.peer()}});
    try {
        giver.emplace(path, std::string(role));
    } catch (const io::hand_over_error& e) {
        observe::error(std::string(role) + ".hand_over_failed", {{"why", e.what()}});
    }
}

void compare(const ready_made& found, const std::vector<io::listen_address>& wanted)
{
    if (found.sockets.empty())
        return;
    const auto is_there = [](const io::listen_address& bound, const io::listen_address& asked) {
        const auto* const a = std::get_if<io::tcp::endpoint>(&bound);
        const auto* const b = std::get_if<io::tcp::endpoint>(&asked);
        return bound == asked ||
               (a != nullptr && b != nullptr && b->port() == 0 && a->address() == b->address());
    };
    for (const auto& socket : found.sockets) {
        if (std::ranges::any_of(wanted, [&](const auto& w) { return is_there(socket.address, w); }))
            continue;
        const auto where = io::to_string(socket.address);
        if (!found.from)
            throw config::usage_error(
                "listen: a socket at " + where +
                " was passed to us, and no listen names it (leave listen out, or name it)"
            );
        observe::warning("listener.dropped", {{"address", observe::bare(where)}});
    }
    for (const auto& address : wanted) {
        const bool there = std::ranges::any_of(found.sockets, [&](const auto& socket) {
            return is_there(socket.address, address);
        });
        if (!there)
            observe::warning(
                "listener.bound_here", {{"address", observe::bare(io::to_string(address))}}
            );
    }
}

bool wait_for_end(
    std::string_view name,
    signals& signalled,
    io::hand_over_giver* giver,
    const std::vector<io::shared_socket>& sockets
)
{
    using kind = io::hand_over_giver::outcome::kind;
    for (;;) {
        const auto event = giver == nullptr
                               ? signalled.wait()
                               : signalled.wait(giver->descriptor(), giver->deadline());
        if (event != signals::event::readable && event != signals::event::timed_out)
            return false;
        const auto outcome = giver->step(sockets);
        if (outcome.what == kind::given_up)
            observe::warning(std::string(name) + ".hand_over_failed", {{"why", outcome.why}});
        if (outcome.what != kind::handed_over)
            continue;
        observe::info(std::string(name) + ".handed_over", {{"to", outcome.peer}});
        return true;
    }
}

}  // namespace penstock::app
