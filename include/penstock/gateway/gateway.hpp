#pragma once

#include <penstock/gateway/settings.hpp>
#include <penstock/io/inherited_socket.hpp>
#include <penstock/io/listen_address.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace penstock::gateway {

/// The gateway role: the local proxy and the lanes to its server, on its own threads.
///
/// Order: construct (binds), addresses(), start(), drain(), destroy.
class gateway {
public:
    /// `inherited`: sockets that another process has made, for the addresses where they listen; the
    /// rest of them is closed. Throws: io::listen_error.
    explicit gateway(settings config, std::vector<io::inherited_socket> inherited = {});
    ~gateway();
    gateway(const gateway&) = delete;
    gateway& operator=(const gateway&) = delete;

    /// As bound, with the real ports.
    [[nodiscard]] std::vector<io::listen_address> addresses() const;
    /// Our listening sockets, for a process that is to replace us; until drain() or leave().
    [[nodiscard]] std::vector<io::shared_socket> sockets() const;
    void start();
    /// Whether the paths of our unix sockets are removed at the end. Those that came from another
    /// process are not ours until it has let go. Before drain() or leave().
    void own_paths(bool ours) noexcept;
    /// Stops accepting, lets streams end for up to drain_timeout, then ends the rest. `done` is
    /// called once, on one of the gateway's threads.
    void drain(std::function<void()> done);
    /// Like drain(), for another process has our listening sockets: what we have accepted is served
    /// first.
    void leave(std::function<void()> done);
    /// Ends everything at once; called by the destructor.
    void stop() noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace penstock::gateway
