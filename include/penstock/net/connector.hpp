#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>
#include <penstock/io/asio.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace penstock::net {

/// Starts to connect an unopened socket; `done` is called once, not from inside the call, also
/// after cancellation.
using connect_function = std::function<void(
    io::tcp::socket& socket, const io::tcp::endpoint& to, std::function<void(error_code)> done
)>;

/// Opens the socket and connects it.
void system_connect(
    io::tcp::socket& socket, const io::tcp::endpoint& to, std::function<void(error_code)> done
);

struct connect_settings {
    std::chrono::milliseconds deadline{10'000};         ///< for all attempts together
    std::chrono::milliseconds attempt_timeout{10'000};  ///< for one address
    std::chrono::milliseconds stagger{250
    };  ///< RFC 8305 section 5: before the next attempt is started
    std::size_t addresses_max = 8;  ///< more than these are not tried
    connect_function connect = system_connect;
};

struct connect_outcome {
    failure code = failure::general;
    std::string detail;  ///< "192.0.2.1:22: Connection refused"; empty on success
    std::optional<io::tcp::socket>
        socket;                ///< connected, TCP_NODELAY set; set exactly if code is none
    io::tcp::endpoint remote;  ///< the address that answered
};

/// Connects to the first address that answers (RFC 8305): families take turns, IPv6 first; the next
/// attempt starts after `stagger` or as soon as one fails; the losers are closed. If all fail, the
/// most telling failure is reported: refused, then time-out, then unreachable. Cancellation:
/// terminal; every attempt is closed. Never throws for the network.
io::asio::awaitable<connect_outcome>
connect(std::vector<io::tcp::endpoint> candidates, connect_settings settings);

/// The order in which connect() tries: families take turns, IPv6 first, the order within a family
/// is kept.
[[nodiscard]] std::vector<io::tcp::endpoint>
interleave_families(const std::vector<io::tcp::endpoint>& candidates, std::size_t addresses_max);

/// What a client is told when connecting failed with `ec`.
[[nodiscard]] failure to_failure(const error_code& ec) noexcept;

}  // namespace penstock::net
