#pragma once

#include <penstock/observe/log_targets.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::inbound {

using observe::log_target_policy;

struct settings {
    /// From accept to a whole request: greeting, credentials and request, or the first HTTP head
    /// (slow-loris bound).
    std::chrono::milliseconds handshake_timeout{10'000};

    /// An HTTP client connection may be idle for this long between two requests.
    std::chrono::milliseconds keep_alive_timeout{60'000};

    /// A plain-HTTP exchange in which no octet moved either way for this long is ended.
    std::chrono::milliseconds exchange_idle_timeout{600'000};

    /// The same for a plain-HTTP connection that became a WebSocket.
    std::chrono::milliseconds websocket_idle_timeout{24 * 3'600'000};

    /// A last resort: the opener has its own, shorter limits for waiting for the link and for the
    /// dial.
    std::chrono::milliseconds open_timeout{120'000};

    /// For writing a reply, and for reading on afterwards so that it is not lost to an RST. RFC
    /// 1928 section 6 wants a refused connection closed within 10 s.
    std::chrono::milliseconds linger_timeout{2'000};
    std::size_t linger_octets_max = 256 * 1024;

    std::size_t head_octets_max = 64 * 1024;  ///< request or response line and all fields
    std::size_t head_fields_max = 100;

    /// Plain-HTTP exchanges own one buffer of this size each way; tunnels own none here.
    std::size_t chunk_octets = 32 * 1024;

    log_target_policy log_targets = log_target_policy::full;
};

}  // namespace penstock::inbound
