#include <penstock/ws/error.hpp>

#include <boost/system/error_category.hpp>

#include <string>

namespace penstock::ws {
namespace {

class ws_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "penstock.ws"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
        case errc::not_masked:
            return "a WebSocket client sent a frame without a mask";
        case errc::masked:
            return "a WebSocket server sent a masked frame";
        case errc::reserved_bits:
            return "WebSocket frame with reserved bits set";
        case errc::unknown_opcode:
            return "WebSocket frame with an unknown opcode";
        case errc::text_message:
            return "WebSocket text message where only binary ones are spoken";
        case errc::length_not_minimal:
            return "WebSocket frame length not in its shortest form";
        case errc::length_out_of_range:
            return "WebSocket frame length of more than 63 bits";
        case errc::message_too_big:
            return "WebSocket message longer than the limit";
        case errc::control_fragmented:
            return "fragmented WebSocket control frame";
        case errc::control_too_long:
            return "WebSocket control frame longer than 125 octets";
        case errc::unexpected_continuation:
            return "WebSocket continuation frame outside a message";
        case errc::message_interrupted:
            return "new WebSocket message inside a fragmented one";
        case errc::close_too_short:
            return "WebSocket close frame of one octet";
        case errc::close_code_invalid:
            return "WebSocket close frame with a code that must not be sent";
        case errc::close_reason_not_utf8:
            return "WebSocket close reason is not UTF-8";
        }
        return "unrecognised WebSocket error";
    }
};

}  // namespace

const boost::system::error_category& category() noexcept
{
    static const ws_category instance;
    return instance;
}

error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

close_code close_code_for(error_code ec) noexcept
{
    if (ec.category() != category())
        return close_code::internal_error;
    switch (static_cast<errc>(ec.value())) {
    case errc::text_message:
        return close_code::unsupported_data;
    case errc::message_too_big:
        return close_code::message_too_big;
    case errc::close_reason_not_utf8:
        return close_code::invalid_payload;
    default:
        return close_code::protocol_error;
    }
}

}  // namespace penstock::ws
