#include <penstock/ws/codec.hpp>

#include <boost/endian/conversion.hpp>

#include <algorithm>

#include "wire.hpp"

namespace penstock::ws {
namespace {

namespace endian = boost::endian;

std::uint8_t header_octets(std::uint8_t second_octet) noexcept
{
    const auto length = second_octet & wire::length_bits;
    const auto length_octets = length == wire::length_u16   ? 2U
                               : length == wire::length_u64 ? 8U
                                                            : 0U;
    const auto mask = (second_octet & wire::mask_bit) != 0 ? wire::mask_octets : 0;
    return static_cast<std::uint8_t>(2 + length_octets + mask);
}

/// Codes that a peer may send (RFC 6455 section 7.4, and the IANA registry up to 1014).
bool may_be_sent(std::uint16_t code) noexcept
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

/// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text) noexcept
{
    for (std::size_t i = 0; i < text.size();) {
        const auto octet = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
        const auto lead = octet(i);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t more = lead >= 0xc2 && lead <= 0xdf   ? 1
                                 : lead >= 0xe0 && lead <= 0xef ? 2
                                 : lead >= 0xf0 && lead <= 0xf4 ? 3
                                                                : 0;
        if (more == 0 || i + more >= text.size())
            return false;
        const auto second = octet(i + 1);
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
            (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
            return false;
        for (std::size_t k = 1; k <= more; ++k)
            if ((octet(i + k) & 0xc0) != 0x80)
                return false;
        i += more + 1;
    }
    return true;
}

}  // namespace

decoder::decoder(role local, std::size_t message_octets_max) noexcept
    : local_(local), message_octets_max_(message_octets_max)
{
}

result<std::optional<event>> decoder::next(mutable_bytes& input)
{
    if (failed_)
        return failed_;
    for (;;) {
        switch (part_) {
        case part::closed:
            input = input.last(0);
            return std::optional<event>{};
        case part::data:
            if (input.empty())
                return std::optional<event>{};
            return take_data(input);
        case part::control:
            return take_control(input);
        case part::header:
            if (!collect_header(input))
                return failed_ ? result<std::optional<event>>(failed_) : std::optional<event>{};
            if (failed_ = take_header(); failed_)
                return failed_;
            // An empty frame has no payload to wait for; without FIN it says nothing either.
            if (part_ == part::data && frame_left_ == 0) {
                part_ = part::header;
                if (!in_message_)
                    return std::optional<event>{data_piece{input.first(0), true}};
            }
        }
    }
}

/// False: more input is needed, or failed_ is set. A wrong first octet is seen before the others.
bool decoder::collect_header(mutable_bytes& input)
{
    while (header_have_ < header_need_) {
        if (input.empty())
            return false;
        const auto taken = std::min<std::size_t>(header_need_ - header_have_, input.size());
        std::copy_n(input.begin(), taken, header_.begin() + header_have_);
        header_have_ = static_cast<std::uint8_t>(header_have_ + taken);
        input = input.subspan(taken);
        if (header_have_ == 2 && header_need_ == 2) {
            if (failed_ = check_start(); failed_)
                return false;
            header_need_ = header_octets(header_[1]);
        }
    }
    return true;
}

/// What the first two octets tell.
error_code decoder::check_start() const
{
    const bool final = (header_[0] & wire::fin_bit) != 0;
    const bool masked = (header_[1] & wire::mask_bit) != 0;
    const std::size_t length = header_[1] & wire::length_bits;

    if ((header_[0] & wire::reserved_bits) != 0)
        return errc::reserved_bits;
    if (masked != (local_ == role::server))
        return masked ? errc::masked : errc::not_masked;
    switch (static_cast<opcode>(header_[0] & wire::opcode_bits)) {
    case opcode::continuation:
        return in_message_ ? error_code{} : errc::unexpected_continuation;
    case opcode::binary:
        return in_message_ ? errc::message_interrupted : error_code{};
    case opcode::text:
        return in_message_ ? errc::message_interrupted : errc::text_message;
    case opcode::close:
    case opcode::ping:
    case opcode::pong:
        if (!final)
            return errc::control_fragmented;
        return length > control_octets_max ? errc::control_too_long : error_code{};
    }
    return errc::unknown_opcode;
}

/// Reads the complete header: the length is judged before any payload is waited for.
error_code decoder::take_header()
{
    const auto short_length = static_cast<std::uint8_t>(header_[1] & wire::length_bits);
    std::uint64_t length = short_length;
    if (short_length == wire::length_u16) {
        length = endian::load_big_u16(&header_[2]);
        if (length < wire::length_u16)
            return errc::length_not_minimal;
    } else if (short_length == wire::length_u64) {
        length = endian::load_big_u64(&header_[2]);
        if ((length >> 63) != 0)
            return errc::length_out_of_range;
        if (length <= 0xffff)
            return errc::length_not_minimal;
    }
    if ((header_[1] & wire::mask_bit) != 0)
        std::copy_n(header_.begin() + header_need_ - wire::mask_octets, key_.size(), key_.begin());

    header_have_ = 0;
    header_need_ = 2;
    mask_phase_ = 0;
    frame_left_ = length;
    if ((header_[0] & wire::control_bit) != 0) {
        control_have_ = 0;
        part_ = part::control;
        return {};
    }
    if (!in_message_)
        message_octets_ = 0;
    if (length > message_octets_max_ - message_octets_)
        return errc::message_too_big;
    message_octets_ += length;
    in_message_ = (header_[0] & wire::fin_bit) == 0;
    part_ = part::data;
    return {};
}

std::optional<event> decoder::take_data(mutable_bytes& input)
{
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(frame_left_, input.size()));
    const auto payload = input.first(taken);
    input = input.subspan(taken);
    if (local_ == role::server) {
        apply_mask(payload, key_, mask_phase_);
        mask_phase_ = static_cast<std::uint8_t>((mask_phase_ + taken) % key_.size());
    }
    frame_left_ -= taken;
    if (frame_left_ > 0)
        return data_piece{payload, false};
    part_ = part::header;
    return data_piece{payload, !in_message_};
}

result<std::optional<event>> decoder::take_control(mutable_bytes& input)
{
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(frame_left_, input.size()));
    std::copy_n(input.begin(), taken, control_payload_.begin() + control_have_);
    control_have_ = static_cast<std::uint8_t>(control_have_ + taken);
    frame_left_ -= taken;
    input = input.subspan(taken);
    if (frame_left_ > 0)
        return std::optional<event>{};
    return finish_control();
}

result<std::optional<event>> decoder::finish_control()
{
    const auto payload = mutable_bytes(control_payload_).first(control_have_);
    if (local_ == role::server)
        apply_mask(payload, key_);
    part_ = part::header;

    const auto code = static_cast<opcode>(header_[0] & wire::opcode_bits);
    if (code == opcode::ping)
        return std::optional<event>{ping{payload}};
    if (code == opcode::pong)
        return std::optional<event>{pong{payload}};

    part_ = part::closed;
    if (payload.empty())
        return std::optional<event>{close{close_code_none, {}}};
    if (payload.size() == 1)
        return failed_ = errc::close_too_short;
    const auto status = endian::load_big_u16(payload.data());
    if (!may_be_sent(status))
        return failed_ = errc::close_code_invalid;
    const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
    const auto reason = text.substr(2);
    if (!is_utf8(reason))
        return failed_ = errc::close_reason_not_utf8;
    return std::optional<event>{close{status, reason}};
}

}  // namespace penstock::ws
