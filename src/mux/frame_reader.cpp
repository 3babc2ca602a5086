#include <penstock/mux/error.hpp>
#include <penstock/mux/frame_reader.hpp>

#include <algorithm>

namespace penstock::mux {

result<std::optional<frame_view>> frame_reader::next(byte_view& input)
{
    if (handed_out_) {
        partial_.release();
        handed_out_ = false;
    }

    if (partial_.empty() && input.size() >= frame_header_bytes) {
        const auto header = decode_header(input.first<frame_header_bytes>());
        if (header.payload_bytes > payload_limit_bytes_)
            return errc::frame_too_large;
        const auto frame_bytes = frame_header_bytes + header.payload_bytes;
        if (input.size() >= frame_bytes) {
            const frame_view frame{header, input.subspan(frame_header_bytes, header.payload_bytes)};
            input = input.subspan(frame_bytes);
            return std::optional{frame};
        }
    }

    // The frame is cut: put it together, its header first, since that says how long it is.
    const auto take = [&](std::size_t wanted_bytes) {
        const auto missing = wanted_bytes - std::min(wanted_bytes, partial_.size());
        const auto taken = input.first(std::min(missing, input.size()));
        partial_.append(taken);
        input = input.subspan(taken.size());
        return partial_.size() >= wanted_bytes;
    };
    if (!take(frame_header_bytes))
        return std::optional<frame_view>{};
    const auto header = decode_header(partial_.view().first<frame_header_bytes>());
    if (header.payload_bytes > payload_limit_bytes_)
        return errc::frame_too_large;
    const auto frame_bytes = frame_header_bytes + header.payload_bytes;
    (void)partial_.prepare(frame_bytes - partial_.size());  // one allocation for the whole frame
    if (!take(frame_bytes))
        return std::optional<frame_view>{};
    handed_out_ = true;
    return std::optional{frame_view{header, partial_.view().subspan(frame_header_bytes)}};
}

error_code frame_reader::end_message() const noexcept
{
    if (partial_.empty() || handed_out_)
        return {};
    return errc::protocol;
}

}  // namespace penstock::mux
