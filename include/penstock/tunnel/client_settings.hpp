#pragma once

#include <penstock/transport/dial.hpp>
#include <penstock/tunnel/settings.hpp>

#include <chrono>
#include <cstddef>
#include <vector>

namespace penstock::tunnel {

/// How the gateway's lanes reach their server.
struct client_settings {
    std::vector<transport::server_url> servers;  ///< in order of preference
    transport::dial_settings dial;
    settings lane;
    std::chrono::milliseconds link_wait{10'000};  ///< how long a request waits for a missing link
    /// A server whose lane is without a link for so long is left for the next one, if there is one.
    std::chrono::milliseconds leave_server_after{5'000};
    /// From then on it is tried now and then, and returned to.
    std::chrono::milliseconds return_after{30'000};
    std::size_t waiting_max = 4'096;  ///< requests that wait at the same time, for each thread
};

}  // namespace penstock::tunnel
