#include <penstock/ws/codec.hpp>

#include <boost/assert.hpp>
#include <boost/endian/conversion.hpp>

#include <algorithm>

#include "wire.hpp"

namespace penstock::ws {
namespace {

namespace endian = boost::endian;

void append_control(octets& out, opcode code, byte_view payload, std::optional<mask_key> key)
{
    BOOST_ASSERT(payload.size() <= control_octets_max);
    const std::size_t mask_bit = key ? wire::mask_bit : 0;
    out.push_back(static_cast<std::uint8_t>(wire::fin_bit | static_cast<std::uint8_t>(code)));
    out.push_back(static_cast<std::uint8_t>(mask_bit | payload.size()));
    if (key)
        out.insert(out.end(), key->begin(), key->end());
    const auto payload_at = out.size();
    out.insert(out.end(), payload.begin(), payload.end());
    if (key)
        apply_mask(mutable_bytes(out).subspan(payload_at), *key);
}

/// At most `octets_max` of `text`, not ending inside a UTF-8 sequence.
std::string_view cut(std::string_view text, std::size_t octets_max)
{
    if (text.size() <= octets_max)
        return text;
    auto end = octets_max;
    while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0) == 0x80)
        --end;
    return text.substr(0, end);
}

}  // namespace

std::size_t frame_in_place(
    std::span<std::uint8_t, header_octets_max> head,
    mutable_bytes payload,
    std::optional<mask_key> key
) noexcept
{
    BOOST_ASSERT(head.data() + head.size() == payload.data());
    const auto length = payload.size();
    const std::size_t length_octets = length < wire::length_u16 ? 0 : length <= 0xffff ? 2 : 8;
    const std::size_t key_octets = key ? wire::mask_octets : 0;
    const auto header_octets = 2 + length_octets + key_octets;

    auto* at = head.data() + head.size() - header_octets;
    const std::size_t mask_bit = key ? wire::mask_bit : 0;
    const auto length_field = length_octets == 0   ? length
                              : length_octets == 2 ? wire::length_u16
                                                   : wire::length_u64;
    *at++ = wire::fin_bit | static_cast<std::uint8_t>(opcode::binary);
    *at++ = static_cast<std::uint8_t>(mask_bit | length_field);
    if (length_octets == 2)
        endian::store_big_u16(at, static_cast<std::uint16_t>(length));
    else if (length_octets == 8)
        endian::store_big_u64(at, length);
    at += length_octets;
    if (key) {
        std::ranges::copy(*key, at);
        apply_mask(payload, *key);
    }
    return header_octets;
}

void append_ping(octets& out, byte_view payload, std::optional<mask_key> key)
{
    append_control(out, opcode::ping, payload, key);
}

void append_pong(octets& out, byte_view payload, std::optional<mask_key> key)
{
    append_control(out, opcode::pong, payload, key);
}

void append_close(
    octets& out, close_code code, std::string_view reason, std::optional<mask_key> key
)
{
    std::array<std::uint8_t, control_octets_max> payload{};
    endian::store_big_u16(payload.data(), static_cast<std::uint16_t>(code));
    const auto kept = cut(reason, control_octets_max - 2);
    std::ranges::copy(kept, payload.begin() + 2);
    append_control(out, opcode::close, byte_view(payload).first(2 + kept.size()), key);
}

}  // namespace penstock::ws
