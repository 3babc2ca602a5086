#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>
#include <penstock/mux/frame.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::mux {

/// OPEN: what the other side shall dial. `early` borrows from the message.
struct open_frame {
    std::uint8_t kind = 1;  ///< 1: TCP; others are reserved
    stream_class priority = stream_class::normal;
    std::uint32_t limit = 0;  ///< octets the receiver may send before the first WINDOW
    std::chrono::milliseconds dial_timeout{};  ///< sent in units of 10 ms; 0: the receiver's choice
    target destination;
    byte_view early;
};

/// OPEN_OK: the target answered.
struct open_ok_frame {
    std::uint32_t limit = 0;
    ip_address bound_address;
    std::uint16_t bound_port = 0;
    std::chrono::microseconds dial_time{};
};

/// OPEN_FAIL, HELLO_ERR, LANE_ERR, DRAIN and CLOSE all end with a code and a text for a person.
struct reason {
    std::uint16_t code = 0;
    std::string text;  ///< at most reason_text_max octets on the wire
};

inline constexpr std::size_t reason_text_max = 255;
inline constexpr std::size_t open_payload_max =
    1 + 1 + 4 + 2 + 2 + 1 + 1 + 255 + 2;  ///< without TLVs and early data

struct reset_frame {
    std::uint16_t code = 0;
    std::uint64_t sent_bytes = 0;  ///< the sender's final offset
};

struct pong_frame {
    std::uint64_t echo = 0;
    std::uint32_t hold_us = 0;   ///< time between receiving the PING and sending this
    std::uint64_t rx_bytes = 0;  ///< received on this link
};

struct drain_frame {
    std::uint32_t last_stream = 0;
    std::uint32_t deadline_ms = 0;
    reason why;
};

struct hello_err_frame {
    reason why;
    std::uint32_t retry_ms = 0;
    std::string node_hint;
};

/// Decoders: the whole payload must be right; anything left over or missing is errc::protocol.
[[nodiscard]] result<open_frame> decode_open(byte_view payload, bool has_early);
[[nodiscard]] result<open_ok_frame> decode_open_ok(byte_view payload);
[[nodiscard]] result<reason> decode_reason(byte_view payload);  ///< OPEN_FAIL, LANE_ERR, CLOSE
[[nodiscard]] result<reset_frame> decode_reset(byte_view payload);
[[nodiscard]] result<std::uint64_t> decode_u64(byte_view payload);  ///< WINDOW, ACK, PING, BLOCKED
[[nodiscard]] result<std::uint32_t> decode_u32(byte_view payload);  ///< MAX_STREAMS, LINK_DRAIN
[[nodiscard]] result<pong_frame> decode_pong(byte_view payload);
[[nodiscard]] result<drain_frame> decode_drain(byte_view payload);
[[nodiscard]] result<hello_err_frame> decode_hello_err(byte_view payload);

/// Encoders append a whole frame.
void append_open(octets& out, stream_id stream, const open_frame& open, bool fin);
void append_open_ok(octets& out, stream_id stream, const open_ok_frame& ok);
void append_reason(octets& out, frame_type type, stream_id stream, const reason& why);
void append_reset(octets& out, stream_id stream, std::uint8_t flags, const reset_frame& reset);
void append_u64(octets& out, frame_type type, stream_id stream, std::uint64_t value);
void append_u32(octets& out, frame_type type, stream_id stream, std::uint32_t value);
void append_pong(octets& out, const pong_frame& pong);
void append_drain(octets& out, const drain_frame& drain);
void append_hello_err(octets& out, const hello_err_frame& err);

}  // namespace penstock::mux
