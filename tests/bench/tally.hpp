#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "options.hpp"

namespace bench {

/// What a run has done so far.
struct tally {
    std::uint64_t done = 0;
    std::uint64_t failed = 0;
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    std::vector<double> micros;  ///< of each exchange, or of each connection's life
    std::string problem;         ///< the last one; empty: none
};

/// Prints a JSON line with the octets moved until now, the time on the monotonic clock, and how
/// many streams have moved octets since the last mark.
void print_mark(std::uint64_t received, std::uint64_t sent, std::uint64_t moving);

/// Prints the JSON line that ends a run. Sorts `t.micros`.
void print_report(const options& o, tally& t, double seconds);

}  // namespace bench
