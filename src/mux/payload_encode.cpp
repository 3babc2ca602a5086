#include <penstock/mux/payload.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>

#include "octet_io.hpp"
#include "payload_units.hpp"

namespace penstock::mux {
namespace {

/// Appends the header with an empty payload and fills in the length when the frame is complete.
class frame_writer : public octet_writer {
public:
    frame_writer(octets& out, frame_type type, std::uint8_t flags, stream_id stream)
        : octet_writer(out), out_(out), begin_(out.size())
    {
        u8(static_cast<std::uint8_t>(type))
            .u8(flags)
            .u16(0)
            .u32(static_cast<std::uint32_t>(stream));
    }
    frame_writer(const frame_writer&) = delete;
    frame_writer& operator=(const frame_writer&) = delete;
    ~frame_writer()
    {
        const auto payload = out_.size() - begin_ - frame_header_bytes;
        out_[begin_ + 2] = static_cast<std::uint8_t>(payload >> 8);
        out_[begin_ + 3] = static_cast<std::uint8_t>(payload);
    }

private:
    octets& out_;
    std::size_t begin_;
};

void write_host(octet_writer& out, const host& h)
{
    if (const auto* const name = std::get_if<std::string>(&h)) {
        out.u8(atyp_name).u8(static_cast<std::uint8_t>(name->size())).text(*name);
    } else if (const auto& address = std::get<ip_address>(h); address.is_v4()) {
        const auto bytes = address.to_v4().to_bytes();
        out.u8(atyp_v4).u8(static_cast<std::uint8_t>(bytes.size())).raw(bytes);
    } else {
        const auto bytes = address.to_v6().to_bytes();
        out.u8(atyp_v6).u8(static_cast<std::uint8_t>(bytes.size())).raw(bytes);
    }
}

std::string_view cut(std::string_view text) { return text.substr(0, reason_text_max); }

}  // namespace

void append_open(octets& out, stream_id stream, const open_frame& open, bool fin)
{
    auto flags = fin ? flag_fin : std::uint8_t{0};
    if (!open.early.empty())
        flags |= flag_early;
    frame_writer frame(out, frame_type::open, flags, stream);
    const auto units = std::min<std::int64_t>(open.dial_timeout / dial_timeout_unit, 0xffff);
    frame.u8(open.kind).u8(static_cast<std::uint8_t>(open.priority)).u32(open.limit);
    frame.u16(static_cast<std::uint16_t>(units)).u16(open.destination.port);
    write_host(frame, open.destination.host);
    frame.u16(0).raw(open.early);
}

void append_open_ok(octets& out, stream_id stream, const open_ok_frame& ok)
{
    frame_writer frame(out, frame_type::open_ok, 0, stream);
    frame.u32(ok.limit);
    write_host(frame, host{ok.bound_address});
    frame.u16(ok.bound_port).u32(static_cast<std::uint32_t>(ok.dial_time.count()));
}

void append_reason(octets& out, frame_type type, stream_id stream, const reason& why)
{
    frame_writer frame(out, type, 0, stream);
    frame.u16(why.code).text(cut(why.text));
}

void append_reset(octets& out, stream_id stream, std::uint8_t flags, const reset_frame& reset)
{
    frame_writer frame(out, frame_type::reset, flags, stream);
    frame.u16(reset.code).u64(reset.sent_bytes);
}

void append_u64(octets& out, frame_type type, stream_id stream, std::uint64_t value)
{
    frame_writer frame(out, type, 0, stream);
    frame.u64(value);
}

void append_u32(octets& out, frame_type type, stream_id stream, std::uint32_t value)
{
    frame_writer frame(out, type, 0, stream);
    frame.u32(value);
}

void append_pong(octets& out, const pong_frame& pong)
{
    frame_writer frame(out, frame_type::pong, 0, stream_id{});
    frame.u64(pong.echo).u32(pong.hold_us).u64(pong.rx_bytes);
}

void append_drain(octets& out, const drain_frame& drain)
{
    frame_writer frame(out, frame_type::drain, 0, stream_id{});
    frame.u32(drain.last_stream)
        .u16(drain.why.code)
        .u32(drain.deadline_ms)
        .text(cut(drain.why.text));
}

void append_hello_err(octets& out, const hello_err_frame& err)
{
    frame_writer frame(out, frame_type::hello_err, 0, stream_id{});
    const auto hint = cut(err.node_hint);
    frame.u16(err.why.code).u32(err.retry_ms).u8(static_cast<std::uint8_t>(hint.size())).text(hint);
    frame.text(cut(err.why.text));
}

}  // namespace penstock::mux
