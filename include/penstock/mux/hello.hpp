#pragma once

#include <penstock/base/result.hpp>
#include <penstock/mux/types.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace penstock::mux {

using session_id = std::array<std::uint8_t, 16>;
using session_key = std::array<std::uint8_t, 32>;
using attach_nonce = std::array<std::uint8_t, 16>;
using attach_proof = std::array<std::uint8_t, 32>;

enum class attach_mode : std::uint8_t {
    fresh = 0,   ///< a new session; this is its lane 0
    join = 1,    ///< a further lane of a session
    resume = 2,  ///< another link for a lane that has streams
};

/// Why a HELLO is not accepted; the code of HELLO_ERR (PROTOCOL.md, HELLO_ERR).
enum class refusal : std::uint16_t {
    unknown_session = 64,  ///< start a fresh one
    not_yours = 65,        ///< the session is another principal's, or the proof is wrong
    limit_reached = 66,    ///< too many sessions or lanes; try again after retry_ms
    unsupported = 67,      ///< a mode or version that this end does not have
    lane_lost = 68,        ///< the lane to be resumed is not kept any more
};

/// Which session and lane a link is for; from the connecting side only.
struct attach {
    attach_mode mode = attach_mode::fresh;
    session_id session{};
    std::uint16_t lane = 0;
    std::uint32_t epoch = 0;
    std::uint64_t recv_seq = 0;
    attach_nonce nonce{};
    attach_proof proof{
    };  ///< HMAC-SHA256 over the fields above with the session's key; zeros when fresh

    friend bool operator==(const attach&, const attach&) = default;
};

/// Of hello::features: what the sender's link socket sends keeps its rate though segments are lost
/// by chance, so that more lanes would carry no more.
inline constexpr std::uint64_t feature_paced = 1U << 4;

/// HELLO: the first frame in each direction (PROTOCOL.md, HELLO).
struct hello {
    side role = side::connecting;
    std::uint8_t minor = 0;
    std::uint64_t features = 0;  ///< feature_paced; others are reserved
    std::uint32_t payload_bytes_max = 16'384;
    std::uint32_t init_limit_bytes = 16'384;  ///< early data accepted behind an OPEN
    std::uint64_t window_bytes_max = 0;
    std::uint32_t streams_max = 0;       ///< first grant, cumulative
    std::uint64_t replay_bytes_max = 0;  ///< what the sender can keep for replay
    std::uint32_t resume_timeout_s = 0;  ///< 0: a lost link ends its streams
    std::uint32_t ping_interval_s = 0;
    std::string node_hint;                  ///< where a resume should go; at most 255 octets
    std::string affinity;                   ///< opaque, echoed to balancers; at most 255 octets
    std::optional<session_id> session;      ///< server: the session the link belongs to
    std::optional<session_key> key;         ///< server: once, only for a fresh session
    std::optional<mux::attach> attach;      ///< client
    std::optional<std::uint64_t> recv_seq;  ///< server: its answer to a resume
    /// With a resume: how many sequenced frames were sent; those that the peer lacks follow.
    std::optional<std::uint64_t> next_seq;

    friend bool operator==(const hello&, const hello&) = default;
};

/// Grants before the peer's HELLO is there (PROTOCOL.md, HELLO); no HELLO can grant less.
inline constexpr std::uint32_t streams_before_hello = 16;
inline constexpr std::uint32_t limit_before_hello = 16 * 1024;

/// Payload limit (PROTOCOL.md, limits).
inline constexpr std::size_t hello_payload_max = 4'096;

/// Unknown TLVs are skipped; a known one twice, of wrong length, or a wrong magic is
/// errc::protocol.
[[nodiscard]] result<hello> decode_hello(byte_view payload);
void append_hello(octets& out, const hello& h);

/// What the proof of an attach is made over: label, session, lane, epoch, recv_seq, nonce.
[[nodiscard]] octets attach_proof_input(const attach& a);

}  // namespace penstock::mux
