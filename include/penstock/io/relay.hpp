#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::io {

struct relay_settings {
    std::chrono::milliseconds idle_timeout{
        24 * 3'600'000
    };  ///< neither direction moved an octet for this long
    std::size_t chunk_octets =
        std::size_t{64} * 1024;  ///< read at once; also what a blocked direction keeps
};

struct relay_outcome {
    std::uint64_t a_to_b_octets = 0;
    std::uint64_t b_to_a_octets = 0;
    error_code ec;  ///< empty: both sides reached EOF; timed_out: idle; else the first failure
};

/// Copies octets both ways until both sides reach EOF, one fails, or neither moves for too long.
///
/// `early` is what `a` had sent already; it goes to `b` first. EOF on one side half-closes the
/// other, so a reply still in flight is delivered; RST or idleness on one side resets the other.
/// While idle it owns no buffer. Lifetime:     both sockets outlive the awaitable; they are closed
/// when it completes. Executor:     both sockets and the caller share one. Cancellation: terminal;
/// both sockets are reset and ec is operation_aborted.
asio::awaitable<relay_outcome>
relay(stream_socket& a, stream_socket& b, octets early, relay_settings settings);

}  // namespace penstock::io
