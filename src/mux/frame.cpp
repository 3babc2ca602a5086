#include <penstock/mux/frame.hpp>

#include <boost/endian/conversion.hpp>

namespace penstock::mux {

namespace endian = boost::endian;

frame_header decode_header(std::span<const std::uint8_t, frame_header_bytes> octets) noexcept
{
    return {
        .type = octets[0],
        .flags = octets[1],
        .payload_bytes = endian::load_big_u16(&octets[2]),
        .stream = stream_id{endian::load_big_u32(&octets[4])},
    };
}

void encode_header(
    const frame_header& header, std::span<std::uint8_t, frame_header_bytes> out
) noexcept
{
    out[0] = header.type;
    out[1] = header.flags;
    endian::store_big_u16(&out[2], header.payload_bytes);
    endian::store_big_u32(&out[4], static_cast<std::uint32_t>(header.stream));
}

}  // namespace penstock::mux
