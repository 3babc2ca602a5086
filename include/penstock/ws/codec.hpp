#pragma once

#include <penstock/base/result.hpp>
#include <penstock/ws/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

namespace penstock::ws {

enum class role : std::uint8_t { client, server };

using mask_key = std::array<std::uint8_t, 4>;

/// XORs `payload` with `key`, whose octet `phase` meets its first octet. Its own inverse.
///
/// Wire: RFC 6455 section 5.3. 32 octets at a time, unaligned input allowed.
void apply_mask(mutable_bytes payload, mask_key key, std::size_t phase = 0) noexcept;

/// A piece of a binary message's payload, unmasked in place.
struct data_piece {
    mutable_bytes payload;
    bool message_end;  ///< on the last piece, which may be empty
};
struct ping {
    byte_view payload;  ///< at most 125 octets; held by the decoder until the next call
};
struct pong {
    byte_view payload;  ///< as for ping
};
struct close {
    std::uint16_t code;       ///< close_code_none when the peer gave none
    std::string_view reason;  ///< held by the decoder until the next call
};
using event = std::variant<data_piece, ping, pong, close>;

/// Stands for "no code given"; never on the wire (RFC 6455 section 7.4.1).
inline constexpr std::uint16_t close_code_none = 1005;

/// Control frames carry at most this (RFC 6455 section 5.5); a close reason two octets less.
inline constexpr std::size_t control_octets_max = 125;

/// Longest header: 2 octets, 8 of length, 4 of mask.
inline constexpr std::size_t header_octets_max = 14;

/// Decodes what the other side sends, in pieces of any size, without copying payload.
class decoder {
public:
    /// `local` is our role: a server requires masked frames, a client refuses them (RFC 6455
    /// section 5.1).
    decoder(role local, std::size_t message_octets_max) noexcept;

    /// Takes octets from the front of `input`, shortening it, until there is an event or `input`
    /// is empty. Nothing: needs more input.
    ///
    /// A data payload is handed out as far as it is there, so a frame need never be complete.
    /// What follows a close frame is taken and dropped (RFC 6455 section 5.5.1).
    /// Errors: ws::errc, and again on each later call; close_code_for() says what to tell the peer.
    [[nodiscard]] result<std::optional<event>> next(mutable_bytes& input);

private:
    enum class part : std::uint8_t { header, data, control, closed };

    bool collect_header(mutable_bytes& input);
    error_code check_start() const;
    error_code take_header();
    std::optional<event> take_data(mutable_bytes& input);
    result<std::optional<event>> take_control(mutable_bytes& input);
    result<std::optional<event>> finish_control();

    role local_;
    part part_ = part::header;
    bool in_message_ = false;
    std::uint8_t header_have_ = 0;
    std::uint8_t header_need_ = 2;
    std::uint8_t control_have_ = 0;
    std::uint8_t mask_phase_ = 0;
    mask_key key_{};
    std::uint64_t frame_left_ = 0;
    std::uint64_t message_octets_ = 0;
    std::uint64_t message_octets_max_;
    error_code failed_;
    std::array<std::uint8_t, header_octets_max> header_{};
    std::array<std::uint8_t, control_octets_max> control_payload_{};
};

/// Writes the header of an unfragmented binary frame so that it ends where `payload` begins, and
/// masks `payload` in place if `key` is given. Returns the header's length.
///
/// `head` is the room directly in front of `payload`; the header is its last octets.
[[nodiscard]] std::size_t frame_in_place(
    std::span<std::uint8_t, header_octets_max> head,
    mutable_bytes payload,
    std::optional<mask_key> key
) noexcept;

/// Append a control frame (RFC 6455 section 5.5), masked if `key` is given. Ping and pong: at most
/// control_octets_max of payload. Close: the reason is cut to fit, between characters.
void append_ping(octets& out, byte_view payload, std::optional<mask_key> key);
void append_pong(octets& out, byte_view payload, std::optional<mask_key> key);
void append_close(
    octets& out, close_code code, std::string_view reason, std::optional<mask_key> key
);

}  // namespace penstock::ws
