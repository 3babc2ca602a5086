// Frames and payloads: what is cut out of a stream of octets does not depend on how it came in
// pieces, and what a decoder takes, its encoder gives back.
#include <penstock/mux/frame_reader.hpp>
#include <penstock/mux/hello.hpp>
#include <penstock/mux/payload.hpp>

#include <algorithm>

#include "require.hpp"

namespace {

using namespace penstock;
using mux::frame_type;

struct reading {
    std::vector<octets> frames;
    bool failed = false;
    bool inside_a_frame = false;

    friend bool operator==(const reading&, const reading&) = default;
};

reading read_in_pieces(byte_view input, std::size_t piece_bytes, std::size_t limit)
{
    reading seen;
    mux::frame_reader reader(limit);
    while (!input.empty()) {
        auto piece = input.first(std::min(piece_bytes, input.size()));
        input = input.subspan(piece.size());
        for (;;) {
            const auto next = reader.next(piece);
            if (!next) {
                seen.failed = true;
                return seen;
            }
            if (!*next)
                break;
            const auto& [header, payload] = **next;
            PENSTOCK_REQUIRE(payload.size() == header.payload_bytes);
            PENSTOCK_REQUIRE(payload.size() <= limit);
            octets whole(mux::frame_header_bytes);
            mux::encode_header(header, std::span<std::uint8_t, mux::frame_header_bytes>(whole));
            whole.insert(whole.end(), payload.begin(), payload.end());
            seen.frames.push_back(std::move(whole));
        }
        PENSTOCK_REQUIRE(piece.empty());
        PENSTOCK_REQUIRE(reader.held_bytes() <= 2 * (limit + mux::frame_header_bytes));
    }
    seen.inside_a_frame = reader.end_message().failed();
    return seen;
}

/// `again` encodes what was decoded from `payload`; decoding that gives the same octets once more.
template <class Decode, class Encode>
void round_trip(byte_view payload, Decode&& decode, Encode&& encode)
{
    const auto first = decode(payload);
    if (!first)
        return;
    octets once;
    encode(once, *first);
    const auto second = decode(byte_view(once).subspan(mux::frame_header_bytes));
    PENSTOCK_REQUIRE(second.has_value());
    octets twice;
    encode(twice, *second);
    PENSTOCK_REQUIRE(once == twice);
}

void decode_everything(byte_view p)
{
    const mux::stream_id id{1};
    round_trip(p, mux::decode_hello, mux::append_hello);
    for (const bool early : {false, true})
        round_trip(
            p,
            [early](byte_view q) { return mux::decode_open(q, early || !q.empty()); },
            [id](octets& out, const mux::open_frame& open) {
                mux::append_open(out, id, open, false);
            }
        );
    (void)mux::decode_open(p, false);
    round_trip(p, mux::decode_open_ok, [id](octets& out, const auto& v) {
        mux::append_open_ok(out, id, v);
    });
    round_trip(p, mux::decode_reason, [id](octets& out, const auto& v) {
        mux::append_reason(out, frame_type::close, id, v);
    });
    round_trip(p, mux::decode_reset, [id](octets& out, const auto& v) {
        mux::append_reset(out, id, 0, v);
    });
    round_trip(p, mux::decode_u64, [id](octets& out, const auto& v) {
        mux::append_u64(out, frame_type::window, id, v);
    });
    round_trip(p, mux::decode_u32, [id](octets& out, const auto& v) {
        mux::append_u32(out, frame_type::max_streams, id, v);
    });
    round_trip(p, mux::decode_pong, mux::append_pong);
    round_trip(p, mux::decode_drain, mux::append_drain);
    round_trip(p, mux::decode_hello_err, mux::append_hello_err);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const byte_view input(data, size);
    decode_everything(input);

    octets with_magic{'P', 'N', 'S', '1', 1, 0, 0, 0};
    with_magic.insert(with_magic.end(), input.begin(), input.end());
    decode_everything(with_magic);

    const octets open_head{1, 1, 0, 1, 0, 0, 0, 250, 1, 187};
    octets with_head = open_head;
    with_head.insert(with_head.end(), input.begin(), input.end());
    decode_everything(with_head);

    constexpr std::size_t limit = 2'000;
    const auto whole = read_in_pieces(input, input.size() + 1, limit);
    for (const std::size_t piece_bytes : {1U, 2U, 7U, 9U, 100U})
        PENSTOCK_REQUIRE(read_in_pieces(input, piece_bytes, limit) == whole);
    return 0;
}
