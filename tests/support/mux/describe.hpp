#pragma once

#include <penstock/mux/lane.hpp>

#include <string>

/// Words for frames and events, for expectations and logs that a person can read:
/// "DATA 1 5 fin", "WINDOW 1 81920", "RESET 1 14 abort stop"; "data 1 5 fin", "reset 1 14".
namespace mux_test {

[[nodiscard]] std::string describe(const penstock::mux::frame_view& frame);
[[nodiscard]] std::string describe(const penstock::mux::event& event);

/// Every frame of `message`, joined by "; ". `skip_housekeeping` leaves out ACK, PING and PONG,
/// which come by the clock.
[[nodiscard]] std::string describe_message(penstock::byte_view message, bool skip_housekeeping);

}  // namespace mux_test
