#pragma once

#include <penstock/base/target.hpp>
#include <penstock/io/descriptor.hpp>
#include <penstock/socks/client.hpp>

#include <optional>
#include <string>

namespace penstock::app {

struct proxied_connection {
    io::unique_descriptor socket;
    octets early;  ///< what the target sent behind the proxy's reply
};

/// Connects to `destination` through the SOCKS5 proxy at `via` ("HOST:PORT" or "unix:PATH").
/// Blocks. Throws: config::usage_error for a `via` that cannot be read, run_error for everything
/// else.
[[nodiscard]] proxied_connection connect_through(
    const std::string& via, const target& destination, std::optional<socks::credentials> login
);

}  // namespace penstock::app
