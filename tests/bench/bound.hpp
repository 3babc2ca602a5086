#pragma once

#include <string>

namespace bound {

struct tls_options {
    double seconds = 3;
    std::string congestion;  ///< of the connection; empty: the kernel's default
};

/// One TLS connection over loopback between two threads, batches of 64 KiB, as fast as it goes.
/// Prints what an octet costs in CPU time, both ends together. Returns the exit status.
[[nodiscard]] int run_tls(const tls_options& options);

/// Accepts at `listen` and relays each connection to `target`, on one thread with one lent buffer,
/// until SIGTERM. Prints where it listens. Returns the exit status.
[[nodiscard]] int run_relay(const std::string& listen, const std::string& target);

}  // namespace bound
