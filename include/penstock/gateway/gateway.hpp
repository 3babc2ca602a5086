#pragma once

#include <penstock/gateway/settings.hpp>
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
    /// Throws: io::listen_error.
    explicit gateway(settings config);
    ~gateway();
    gateway(const gateway&) = delete;
    gateway& operator=(const gateway&) = delete;

    /// As bound, with the real ports.
    [[nodiscard]] std::vector<io::listen_address> addresses() const;
    void start();
    /// Stops accepting, lets streams end for up to drain_timeout, then ends the rest. `done` is
    /// called once, on one of the gateway's threads.
    void drain(std::function<void()> done);
    /// Ends everything at once; called by the destructor.
    void stop() noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace penstock::gateway
