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
    std::size_t waiting_max = 4'096;  ///< requests that wait at the same time, for each thread
};

}  // namespace penstock::tunnel
