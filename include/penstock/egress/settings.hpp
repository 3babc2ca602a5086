#pragma once

#include <penstock/net/connector.hpp>
#include <penstock/net/resolver.hpp>
#include <penstock/routing/policy.hpp>

#include <chrono>

namespace penstock::egress {

/// How the server dials targets.
struct settings {
    routing::policy policy;                          ///< own listeners are set by the server role
    std::chrono::milliseconds dial_timeout{10'000};  ///< where the client asks for none
    std::chrono::milliseconds dial_timeout_max{60'000};  ///< longest that is granted to a client
    net::resolver_settings resolver;
    net::connect_settings connect;  ///< its deadline is replaced by what is left of the dial's
};

}  // namespace penstock::egress
