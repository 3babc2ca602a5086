#pragma once

#include <penstock/auth/user_table.hpp>
#include <penstock/inbound/settings.hpp>
#include <penstock/io/listen_address.hpp>
#include <penstock/routing/rule_list.hpp>
#include <penstock/transport/dial.hpp>
#include <penstock/tunnel/settings.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace penstock::gateway {

/// All that the gateway role needs, read and validated: files are loaded, nothing is opened later
/// but sockets.
struct settings {
    std::vector<io::listen_address> listen;      ///< at least one
    std::vector<transport::server_url> servers;  ///< in order of preference, at least one
    transport::dial_settings dial;               ///< credentials and deadlines for the link
    tunnel::settings tunnel;
    inbound::settings inbound;
    std::optional<auth::user_table>
        users;                 ///< who may use the local proxy; none: anybody who reaches it
    routing::rule_list rules;  ///< tunnel, direct or block; nothing matches: tunnel
    unsigned threads = 1;
    unsigned lanes = 0;                           ///< kept warm; 0: one for each thread
    std::chrono::milliseconds link_wait{10'000};  ///< how long a request waits for a missing link
    std::chrono::milliseconds leave_server_after{5'000};  ///< tunnel::client_settings
    std::chrono::milliseconds return_after{30'000};       ///< likewise
    std::chrono::milliseconds drain_timeout{30'000};
};

}  // namespace penstock::gateway
