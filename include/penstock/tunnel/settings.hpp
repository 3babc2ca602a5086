#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::tunnel {

/// How a lane is driven; the same at both ends. Numbers are those of PROTOCOL.md unless said
/// otherwise.
struct settings {
    /// WebSocket pings besides the lane's own heartbeat, which is data to any intermediary; 0:
    /// none.
    std::chrono::milliseconds websocket_ping_interval{0};
    std::chrono::milliseconds ping_interval{15'000};  ///< idle heartbeat, +-20 %
    std::chrono::milliseconds suspect_after{2'000};   ///< the gateway then looks for another link
    std::chrono::milliseconds link_timeout{8'000
    };  ///< nothing received though something is due: the link is lost
    std::chrono::milliseconds half_close_linger{120'000};
    std::chrono::milliseconds hello_timeout{5'000};
    std::chrono::milliseconds backoff_min{200};  ///< first wait between dials; doubled, full jitter
    std::chrono::milliseconds backoff_max{15'000};
    std::uint32_t streams_per_lane_max = 4'096;
    std::uint32_t streams_per_principal_max = 16'384;
    std::uint32_t dials_per_session_max = 256;  ///< concurrent dials at the server
    std::size_t memory_budget_bytes =
        0;  ///< buffered stream data in the process; 0: 25 % of RAM, at most 512 MiB
    std::chrono::seconds resume_timeout{600
    };  ///< how long a lane that lost its link is kept; 0: its streams end at once
    std::size_t replay_bytes_max =
        32 * 1024 * 1024;  ///< what a lane keeps until it is acknowledged
    /// Receive window of one stream: 100 Mbit/s over 300 ms take 3.75 MB, and BBR wants to see
    /// three times that while it looks for the rate.
    std::size_t window_bytes_max = 16 * 1024 * 1024;
    /// What the links of a thread carry when new streams and links had better go to another. What
    /// is new then waits neither for the batches and the socket's queue that a slow link needs,
    /// nor for a thread that asks for all of a CPU.
    std::uint64_t busy_bytes_per_s = 4'000'000;
};

}  // namespace penstock::tunnel
