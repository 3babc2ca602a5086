#pragma once

#include <cstddef>
#include <cstdint>

namespace penstock::ws {

/// RFC 6455 section 5.2; others are refused.
enum class opcode : std::uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10,
};

namespace wire {

inline constexpr std::uint8_t fin_bit = 0x80;
inline constexpr std::uint8_t reserved_bits = 0x70;
inline constexpr std::uint8_t opcode_bits = 0x0f;
inline constexpr std::uint8_t control_bit = 0x08;  ///< of the opcode
inline constexpr std::uint8_t mask_bit = 0x80;
inline constexpr std::uint8_t length_bits = 0x7f;
inline constexpr std::uint8_t length_u16 = 126;  ///< the length follows in 2 octets
inline constexpr std::uint8_t length_u64 = 127;  ///< the length follows in 8 octets
inline constexpr std::size_t mask_octets = 4;

}  // namespace wire
}  // namespace penstock::ws
