#pragma once

#include <penstock/base/result.hpp>

#include <cstdint>

namespace penstock::ws {

/// Why a peer's octets are not WebSocket frames that we take (RFC 6455); each one ends the
/// connection.
enum class errc {
    not_masked = 1,           ///< a client's frame without a mask (section 5.1)
    masked,                   ///< a server's frame with a mask (section 5.1)
    reserved_bits,            ///< RSV1..3 set although no extension was agreed on (section 5.2)
    unknown_opcode,           ///< 3..7 or 11..15 (section 5.2)
    text_message,             ///< a text message; only binary ones are spoken here
    length_not_minimal,       ///< a length written in more octets than it needs (section 5.2)
    length_out_of_range,      ///< a 64-bit length with its highest bit set (section 5.2)
    message_too_big,          ///< more payload than the limit, seen before any of the excess
    control_fragmented,       ///< a control frame without FIN (section 5.5)
    control_too_long,         ///< a control frame of more than 125 octets (section 5.5)
    unexpected_continuation,  ///< a continuation outside a message (section 5.4)
    message_interrupted,      ///< a new message inside a fragmented one (section 5.4)
    close_too_short,          ///< a close frame of one octet (section 5.5.1)
    close_code_invalid,       ///< a close code that must not be sent (section 7.4)
    close_reason_not_utf8,    ///< section 5.5.1
};
[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] error_code make_error_code(errc e) noexcept;

/// Status codes of RFC 6455 section 7.4.1 and the IANA registry that are used here.
enum class close_code : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported_data = 1003,
    invalid_payload = 1007,
    policy_violation = 1008,
    message_too_big = 1009,
    internal_error = 1011,
    service_restart = 1012,
    try_again_later = 1013,
};

/// What to tell the peer about `ec`; internal_error if it is none of ours.
[[nodiscard]] close_code close_code_for(error_code ec) noexcept;

}  // namespace penstock::ws

template <>
struct boost::system::is_error_code_enum<penstock::ws::errc> : std::true_type {};
