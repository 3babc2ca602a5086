#pragma once

#include <penstock/base/result.hpp>
#include <penstock/mux/types.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace penstock::mux {

/// PROTOCOL.md, frame types. Bit 6: link-local, never counted. Bit 7: an unknown one is skipped.
enum class frame_type : std::uint8_t {
    open = 0x01,
    open_ok = 0x02,
    open_fail = 0x03,
    data = 0x04,
    window = 0x05,
    reset = 0x06,
    max_streams = 0x07,
    drain = 0x08,
    close = 0x09,
    hello = 0x40,
    hello_err = 0x41,
    ack = 0x42,
    ping = 0x43,
    pong = 0x44,
    link_drain = 0x45,
    blocked = 0x47,
    lane_err = 0x48,
    pad = 0x4f,
};

inline constexpr std::uint8_t type_link_local = 0x40;
inline constexpr std::uint8_t type_ignorable = 0x80;

inline constexpr std::uint8_t flag_fin = 0x01;    ///< OPEN, DATA: half-close behind the octets
inline constexpr std::uint8_t flag_early = 0x02;  ///< OPEN: octets for the target follow
inline constexpr std::uint8_t flag_abort = 0x01;  ///< RESET: I send no more, discard what you have
inline constexpr std::uint8_t flag_stop = 0x02;   ///< RESET: please stop sending

inline constexpr std::size_t frame_header_bytes = 8;

/// Largest DATA payload (PROTOCOL.md): fits a u16 and leaves the rest of 64 KiB to headers and
/// records.
inline constexpr std::size_t payload_bytes_max = 61'440;

/// Least that a HELLO may announce: what credit is not held back for (lane_send.cpp) fits a frame.
inline constexpr std::size_t payload_bytes_max_least = 1'024;

struct frame_header {
    std::uint8_t type = 0;  ///< a frame_type, or one we do not know
    std::uint8_t flags = 0;
    std::uint16_t payload_bytes = 0;
    stream_id stream{};

    friend bool operator==(const frame_header&, const frame_header&) = default;
};

/// Sequenced frames are counted, and replayed after a resume; one bit decides.
[[nodiscard]] constexpr bool is_sequenced(std::uint8_t type) noexcept
{
    return (type & type_link_local) == 0;
}

/// Wire: type, flags, payload length (u16), stream id (u32), big endian.
[[nodiscard]] frame_header decode_header(std::span<const std::uint8_t, frame_header_bytes> octets
) noexcept;
void encode_header(
    const frame_header& header, std::span<std::uint8_t, frame_header_bytes> out
) noexcept;

}  // namespace penstock::mux
