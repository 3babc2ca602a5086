#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>
#include <penstock/tls/engine.hpp>
#include <penstock/ws/codec.hpp>

#include <optional>
#include <string>

namespace penstock::transport {

/// Longest WebSocket message taken from a peer (PROTOCOL.md, limits).
inline constexpr std::size_t message_octets_max = 1024 * 1024;

/// An upgraded connection to the other end, as values: the tunnel moves octets through it from here
/// on, and may first move all of it to another thread (release the socket, assign it there).
struct link {
    io::tcp::socket socket;
    std::optional<tls::engine> tls;  ///< none: a TLS-terminating reverse proxy in front (`plain`)
    ws::role role;                   ///< our side
    ws::decoder decoder;
    octets early;              ///< plaintext that arrived behind the upgrade: WebSocket frames
    std::string peer_address;  ///< "192.0.2.1:4711", for the log
    std::string description;   ///< "TLSv1.3 TLS_AES_128_GCM_SHA256"
    std::string congestion{};  ///< congestion control in force: "bbr", "cubic"
    bool paced = true;         ///< keeps its rate though segments are lost by chance
};

}  // namespace penstock::transport
