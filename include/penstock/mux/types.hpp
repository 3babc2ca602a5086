#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace penstock::mux {

using clock = std::chrono::steady_clock;  // only for its types: a lane is told the time
using time_point = clock::time_point;

/// Stream of one lane: odd if opened by the connecting side, even by the accepting side; 0 is the
/// lane itself.
enum class stream_id : std::uint32_t {};

/// Who dialled the link. Never a matter of trust, only of stream id parity and of who speaks first.
enum class side : std::uint8_t { connecting = 1, accepting = 2 };

/// What the opener expects of a stream; sets its weight among streams that all have much to send.
enum class stream_class : std::uint8_t { interactive = 0, normal = 1, bulk = 2 };

/// First id that is not used any more: the lane is drained instead of wrapping (PROTOCOL.md, stream
/// ids).
inline constexpr std::uint32_t stream_id_end = 0x8000'0000;

}  // namespace penstock::mux
