#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/base/result.hpp>
#include <penstock/mux/frame.hpp>

#include <cstddef>
#include <optional>

namespace penstock::mux {

struct frame_view {
    frame_header header;
    byte_view payload;  ///< borrows from the input, or from the reader if the frame came in pieces
};

/// Cuts message payload, in pieces of any size, into whole frames. A frame that lies whole in the
/// input is handed out without a copy; only one that is cut is put together here, so at most one
/// frame is ever held.
class frame_reader {
public:
    explicit frame_reader(std::size_t payload_limit_bytes) noexcept
        : payload_limit_bytes_(payload_limit_bytes)
    {
    }

    /// Takes one frame from the front of `input`, shortening it. Nothing: all input is taken, more
    /// is needed. The view holds until the next call. Errors: frame_too_large, as soon as the
    /// header tells.
    [[nodiscard]] result<std::optional<frame_view>> next(byte_view& input);

    /// A message ends here. Errors: protocol if that is inside a frame.
    [[nodiscard]] error_code end_message() const noexcept;

    /// Octets of a cut frame, for the memory account.
    [[nodiscard]] std::size_t held_bytes() const noexcept { return partial_.capacity(); }

private:
    std::size_t payload_limit_bytes_;
    flat_buffer partial_;
    bool handed_out_ = false;  ///< partial_ is the frame of the last call
};

}  // namespace penstock::mux
