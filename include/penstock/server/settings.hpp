#pragma once

#include <penstock/egress/settings.hpp>
#include <penstock/io/listen_address.hpp>
#include <penstock/observe/log_targets.hpp>
#include <penstock/transport/accept.hpp>
#include <penstock/tunnel/settings.hpp>

#include <chrono>
#include <vector>

namespace penstock::server {

/// All that the server role needs, read and validated: files are loaded, nothing is opened later
/// but sockets.
struct settings {
    std::vector<io::listen_address> listen;  ///< at least one
    transport::accept_settings accept;       ///< certificate, who may come in, path, fallback
    egress::settings egress;                 ///< policy, resolver and dial deadlines
    tunnel::settings tunnel;
    unsigned threads = 1;
    observe::log_target_policy log_targets = observe::log_target_policy::full;
    std::string node;  ///< what a balancer in front knows this server by; empty: there is none
    std::chrono::milliseconds drain_timeout{30'000};
};

}  // namespace penstock::server
