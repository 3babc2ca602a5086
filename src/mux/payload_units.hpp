#pragma once

#include <chrono>
#include <cstdint>

namespace penstock::mux {

/// Address types as in SOCKS (RFC 1928 section 5).
inline constexpr std::uint8_t atyp_v4 = 1;
inline constexpr std::uint8_t atyp_name = 3;
inline constexpr std::uint8_t atyp_v6 = 4;

inline constexpr std::chrono::milliseconds dial_timeout_unit{10};

}  // namespace penstock::mux
