#include <penstock/mux/error.hpp>
#include <penstock/mux/frame.hpp>
#include <penstock/mux/hello.hpp>

#include <bitset>

#include "octet_io.hpp"

namespace penstock::mux {
namespace {

constexpr std::uint8_t magic[] = {'P', 'N', 'S', '1'};

/// PROTOCOL.md, HELLO: type (u16), length (u16), value.
enum tlv : std::uint16_t {
    tlv_features = 1,
    tlv_payload_max = 2,
    tlv_init_limit = 3,
    tlv_window_max = 4,
    tlv_streams_max = 5,
    tlv_replay_max = 6,
    tlv_resume_timeout = 7,
    tlv_ping_interval = 8,
    tlv_node_hint = 9,
    tlv_affinity = 10,
    tlv_session = 11,
    tlv_key = 12,
    tlv_attach = 13,
    tlv_recv_seq = 14,
    tlv_next_seq = 15,
    tlv_end = 16,  ///< first unassigned
};

void write_u32(octet_writer& out, tlv type, std::uint32_t value)
{
    out.u16(type).u16(4).u32(value);
}
void write_u64(octet_writer& out, tlv type, std::uint64_t value)
{
    out.u16(type).u16(8).u64(value);
}
void write_text(octet_writer& out, tlv type, std::string_view value)
{
    if (!value.empty())
        out.u16(type).u16(static_cast<std::uint16_t>(value.size())).text(value);
}

constexpr std::uint16_t attach_octets = 1 + 16 + 2 + 4 + 8 + 16 + 32;

void write_attach(octet_writer& out, const attach& a)
{
    out.u16(tlv_attach).u16(attach_octets).u8(static_cast<std::uint8_t>(a.mode)).raw(a.session);
    out.u16(a.lane).u32(a.epoch).u64(a.recv_seq).raw(a.nonce).raw(a.proof);
}

bool read_attach(octet_reader& in, hello& h)
{
    const auto mode = in.u8();
    if (mode > static_cast<std::uint8_t>(attach_mode::resume))
        return false;
    attach a;
    a.mode = static_cast<attach_mode>(mode);
    a.session = in.array<16>();
    a.lane = in.u16();
    a.epoch = in.u32();
    a.recv_seq = in.u64();
    a.nonce = in.array<16>();
    a.proof = in.array<32>();
    h.attach = a;
    return true;
}

bool read_tlv(std::uint16_t type, octet_reader& in, hello& h)
{
    switch (type) {
    case tlv_features:
        h.features = in.u64();
        return true;
    case tlv_payload_max:
        h.payload_bytes_max = in.u32();
        return true;
    case tlv_init_limit:
        h.init_limit_bytes = in.u32();
        return true;
    case tlv_window_max:
        h.window_bytes_max = in.u64();
        return true;
    case tlv_streams_max:
        h.streams_max = in.u32();
        return true;
    case tlv_replay_max:
        h.replay_bytes_max = in.u64();
        return true;
    case tlv_resume_timeout:
        h.resume_timeout_s = in.u32();
        return true;
    case tlv_ping_interval:
        h.ping_interval_s = in.u32();
        return true;
    case tlv_node_hint:
        h.node_hint = in.text(in.rest().size());
        return h.node_hint.size() <= 255;
    case tlv_affinity:
        h.affinity = in.text(in.rest().size());
        return h.affinity.size() <= 255;
    case tlv_session:
        h.session = in.array<16>();
        return true;
    case tlv_key:
        h.key = in.array<32>();
        return true;
    case tlv_attach:
        return read_attach(in, h);
    case tlv_recv_seq:
        h.recv_seq = in.u64();
        return true;
    case tlv_next_seq:
        h.next_seq = in.u64();
        return true;
    default:
        (void)in.take(in.rest().size());
        return true;
    }
}

}  // namespace

result<hello> decode_hello(byte_view payload)
{
    if (payload.size() > hello_payload_max)
        return errc::protocol;
    octet_reader in(payload);
    hello h;
    const auto got_magic = in.array<4>();
    const auto role = in.u8();
    h.minor = in.u8();
    (void)in.u16();
    if (in.failed() || std::memcmp(got_magic.data(), magic, sizeof magic) != 0 ||
        (role != 1 && role != 2))
        return errc::protocol;
    h.role = static_cast<side>(role);

    std::bitset<tlv_end> seen;
    while (!in.rest().empty()) {
        const auto type = in.u16();
        const auto length = in.u16();
        octet_reader value(in.take(length));
        if (in.failed() || (type < tlv_end && seen.test(type)))
            return errc::protocol;
        if (type < tlv_end)
            seen.set(type);
        if (!read_tlv(type, value, h) || !value.complete())
            return errc::protocol;
    }
    return h;
}

void append_hello(octets& out, const hello& h)
{
    octets payload;
    octet_writer body(payload);
    body.raw(magic).u8(static_cast<std::uint8_t>(h.role)).u8(h.minor).u16(0);
    write_u64(body, tlv_features, h.features);
    write_u32(body, tlv_payload_max, h.payload_bytes_max);
    write_u32(body, tlv_init_limit, h.init_limit_bytes);
    write_u64(body, tlv_window_max, h.window_bytes_max);
    write_u32(body, tlv_streams_max, h.streams_max);
    write_u64(body, tlv_replay_max, h.replay_bytes_max);
    write_u32(body, tlv_resume_timeout, h.resume_timeout_s);
    write_u32(body, tlv_ping_interval, h.ping_interval_s);
    write_text(body, tlv_node_hint, h.node_hint);
    write_text(body, tlv_affinity, h.affinity);
    if (h.session)
        body.u16(tlv_session).u16(16).raw(*h.session);
    if (h.key)
        body.u16(tlv_key).u16(32).raw(*h.key);
    if (h.attach)
        write_attach(body, *h.attach);
    if (h.recv_seq)
        body.u16(tlv_recv_seq).u16(8).u64(*h.recv_seq);
    if (h.next_seq)
        body.u16(tlv_next_seq).u16(8).u64(*h.next_seq);

    octet_writer(out)
        .u8(static_cast<std::uint8_t>(frame_type::hello))
        .u8(0)
        .u16(static_cast<std::uint16_t>(payload.size()))
        .u32(0)
        .raw(payload);
}

octets attach_proof_input(const attach& a)
{
    octets input;
    octet_writer(input)
        .text("penstock attach v1")
        .u8(static_cast<std::uint8_t>(a.mode))
        .raw(a.session)
        .u16(a.lane)
        .u32(a.epoch)
        .u64(a.recv_seq)
        .raw(a.nonce);
    return input;
}

}  // namespace penstock::mux
