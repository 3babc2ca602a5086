#pragma once

#include <boost/system/error_code.hpp>

#include <cstdint>

namespace penstock::mux {

/// What ends a lane; the values are the codes of LANE_ERR (PROTOCOL.md, codes).
enum class errc : std::uint16_t {
    flow_control = 32,       ///< more octets than were granted, or a grant beyond all measure
    protocol = 33,           ///< malformed frame, wrong id, frame across a message's end
    frame_too_large = 34,    ///< payload above what we announced
    bad_state = 35,          ///< a frame that its stream's state does not allow
    enhance_your_calm = 36,  ///< too many frames that achieve nothing
    internal = 37,           ///< our own invariant does not hold
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] boost::system::error_code make_error_code(errc e) noexcept;

}  // namespace penstock::mux

template <>
struct boost::system::is_error_code_enum<penstock::mux::errc> : std::true_type {};
