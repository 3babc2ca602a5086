#pragma once

#include <penstock/base/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace penstock::ws {

enum class role : std::uint8_t { client, server };

/// Status codes of RFC 6455 section 7.4.1 and the IANA registry that are used here.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    policy_violation = 1008,
    message_too_big = 1009,
    internal_error = 1011,
    service_restart = 1012,
    try_again_later = 1013,
};

using mask_key = std::array<std::uint8_t, 4>;

/// XORs `payload` with `key`, whose octet `phase` meets the first octet of the payload. Its own inverse.
/// Wire: RFC 6455 section 5.3. Eight octets at a time, unaligned input allowed.
void apply_mask(mutable_bytes payload, mask_key key, std::size_t phase = 0) noexcept;

/// A piece of a binary message's payload, unmasked in place; `message_end` on the last piece, which may be empty.
struct data_piece {
    mutable_bytes payload;
    bool message_end;
};
struct ping {
    byte_view payload;  ///< at most 125 octets; held by the decoder until the next call
};
struct pong {
    byte_view payload;
};
struct close {
    std::uint16_t code;  ///< 1005 when the peer gave none
    std::string_view reason;
};
using event = std::variant<data_piece, ping, pong, close>;

/// Decodes what the other side sends, in pieces of any size, without copying payload.
class decoder {
public:
    /// `local` is our role: a server requires masked frames, a client refuses them (RFC 6455 section 5.1).
    decoder(role local, std::size_t message_octets_max) noexcept;

    /// Takes octets from the front of `input`, shortening it, until there is an event or `input` is empty. A data
    /// payload is handed out as far as it is there, so a frame need never be complete. Nothing: needs more input.
    /// Errors: ws::errc (masking, reserved bits, unknown opcode, text, length, control frame, continuation). The
    /// decoder is finished then; close_code_for() says what to tell the peer.
    [[nodiscard]] result<std::optional<event>> next(mutable_bytes& input);

private:
    role local_;
    bool in_message_ = false;
    bool frame_final_ = false;
    bool control_ = false;
    std::uint8_t opcode_ = 0;
    std::uint8_t header_have_ = 0;
    std::uint8_t header_need_ = 2;
    std::uint8_t control_have_ = 0;
    mask_key key_{};
    std::uint8_t mask_phase_ = 0;
    std::uint64_t frame_left_ = 0;
    std::uint64_t message_octets_ = 0;
    std::uint64_t message_octets_max_;
    std::array<std::uint8_t, 14> header_{};
    std::array<std::uint8_t, 125> control_payload_{};
};

/// Longest header: 2 octets, 8 of length, 4 of mask.
inline constexpr std::size_t header_octets_max = 14;

/// Writes the header of an unfragmented binary frame so that it ends where `payload` begins: `head` is the room in
/// front of it (header_octets_max suffice). Masks `payload` in place if `key` is given. Returns the header's length.
[[nodiscard]] std::size_t
frame_in_place(std::span<std::uint8_t, header_octets_max> head, mutable_bytes payload, std::optional<mask_key> key) noexcept;

/// Control frames (RFC 6455 section 5.5), masked if `key` is given. Ping and pong: at most 125 octets of payload; close:
/// the reason is cut at 123.
void append_ping(octets& out, byte_view payload, std::optional<mask_key> key);
void append_pong(octets& out, byte_view payload, std::optional<mask_key> key);
void append_close(octets& out, close_code code, std::string_view reason, std::optional<mask_key> key);

}  // namespace penstock::ws
