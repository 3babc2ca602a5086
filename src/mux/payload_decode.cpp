#include <penstock/mux/error.hpp>
#include <penstock/mux/payload.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>

#include "octet_io.hpp"
#include "payload_units.hpp"

namespace penstock::mux {
namespace {

namespace ip = boost::asio::ip;

result<host> read_host(octet_reader& in)
{
    const auto atyp = in.u8();
    const auto length = in.u8();
    if (atyp == atyp_v4 && length == 4)
        return host{ip_address{ip::address_v4{in.array<4>()}}};
    if (atyp == atyp_v6 && length == 16)
        return host{ip_address{ip::address_v6{in.array<16>()}}};
    if (atyp != atyp_name || length == 0)
        return errc::protocol;
    const auto text = in.text(length);
    if (in.failed())
        return errc::protocol;
    auto parsed = parse_host(text);
    if (!parsed)
        return errc::protocol;
    return parsed;
}

}  // namespace

result<open_frame> decode_open(byte_view payload, bool has_early)
{
    octet_reader in(payload);
    open_frame open;
    open.kind = in.u8();
    open.priority = static_cast<stream_class>(std::min<std::uint8_t>(in.u8(), 2));
    open.limit = in.u32();
    open.dial_timeout = in.u16() * dial_timeout_unit;
    open.destination.port = in.u16();
    auto parsed = read_host(in);
    if (!parsed)
        return parsed.error();
    open.destination.host = std::move(*parsed);
    const auto tlv_bytes = in.u16();
    (void)in.take(tlv_bytes);  // none is defined yet; unknown ones are skipped
    if (in.failed() || (!has_early && !in.rest().empty()) || open.destination.port == 0)
        return errc::protocol;
    open.early = in.rest();
    return open;
}

result<open_ok_frame> decode_open_ok(byte_view payload)
{
    octet_reader in(payload);
    open_ok_frame ok;
    ok.limit = in.u32();
    auto bound = read_host(in);
    if (!bound || !std::holds_alternative<ip_address>(*bound))
        return errc::protocol;
    ok.bound_address = std::get<ip_address>(*bound);
    ok.bound_port = in.u16();
    ok.dial_time = std::chrono::microseconds{in.u32()};
    if (!in.complete())
        return errc::protocol;
    return ok;
}

result<reason> decode_reason(byte_view payload)
{
    octet_reader in(payload);
    reason why;
    why.code = in.u16();
    if (in.failed() || in.rest().size() > reason_text_max)
        return errc::protocol;
    why.text = in.text(in.rest().size());
    return why;
}

result<reset_frame> decode_reset(byte_view payload)
{
    octet_reader in(payload);
    reset_frame reset;
    reset.code = in.u16();
    reset.sent_bytes = in.u64();
    if (!in.complete())
        return errc::protocol;
    return reset;
}

result<std::uint64_t> decode_u64(byte_view payload)
{
    octet_reader in(payload);
    const auto value = in.u64();
    if (!in.complete())
        return errc::protocol;
    return value;
}

result<std::uint32_t> decode_u32(byte_view payload)
{
    octet_reader in(payload);
    const auto value = in.u32();
    if (!in.complete())
        return errc::protocol;
    return value;
}

result<pong_frame> decode_pong(byte_view payload)
{
    octet_reader in(payload);
    pong_frame pong;
    pong.echo = in.u64();
    pong.hold_us = in.u32();
    pong.rx_bytes = in.u64();
    if (!in.complete())
        return errc::protocol;
    return pong;
}

result<drain_frame> decode_drain(byte_view payload)
{
    octet_reader in(payload);
    drain_frame drain;
    drain.last_stream = in.u32();
    drain.why.code = in.u16();
    drain.deadline_ms = in.u32();
    if (in.failed() || in.rest().size() > reason_text_max)
        return errc::protocol;
    drain.why.text = in.text(in.rest().size());
    return drain;
}

result<hello_err_frame> decode_hello_err(byte_view payload)
{
    octet_reader in(payload);
    hello_err_frame err;
    err.why.code = in.u16();
    err.retry_ms = in.u32();
    const auto hint_bytes = in.u8();
    err.node_hint = in.text(hint_bytes);
    if (in.failed() || in.rest().size() > reason_text_max)
        return errc::protocol;
    err.why.text = in.text(in.rest().size());
    return err;
}

}  // namespace penstock::mux
