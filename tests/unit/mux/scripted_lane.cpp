#include "scripted_lane.hpp"

#include <boost/test/unit_test.hpp>

namespace mux_test {

scripted_lane::scripted_lane(mux::lane_settings s, std::size_t budget_bytes)
    : settings(s), whole(budget_bytes), lane(s, lease, now)
{
}

void scripted_lane::greet(mux::hello peer)
{
    peer.role = settings.role == side::connecting ? side::accepting : side::connecting;
    if (peer.streams_max == 0)
        peer.streams_max = 1'000;
    mux::hello ours;
    ours.role = settings.role;
    lane.send_hello(ours);
    BOOST_TEST_REQUIRE(sent() == "HELLO");
    BOOST_TEST_REQUIRE(receive(hello_frame(peer)) == "ready");
    // The first PING, answered at once.
    BOOST_TEST_REQUIRE(wait_with_living_peer(1ms).empty());
    (void)sent();
}

std::string scripted_lane::receive(const octets& frames)
{
    std::string words;
    byte_view input = frames;
    while (!input.empty()) {
        auto piece = input.first(std::min(piece_bytes, input.size()));
        input = input.subspan(piece.size());
        for (;;) {
            const auto outcome = lane.handle_octets(piece, now);
            if (!outcome) {
                BOOST_TEST(lane.failed());
                return words + (words.empty() ? "" : "; ") + "error " +
                       std::to_string(outcome.error().value());
            }
            if (!*outcome)
                break;
            note(words, **outcome);
        }
        BOOST_TEST(piece.empty());
    }
    if (lane.handle_message_end())
        words += "error at the message's end";
    return words;
}

std::string scripted_lane::note(std::string& words, const mux::event& event)
{
    words += (words.empty() ? "" : "; ") + describe(event);
    if (const auto* const data = std::get_if<mux::stream_data>(&event); data != nullptr && reads)
        lane.consumed(data->id, data->octets.size(), now);
    return words;
}

octets scripted_lane::take_message()
{
    flat_buffer out;
    lane.poll_control(out, 1 << 20, now);
    count(out.view());
    lane.poll_replay(out, replay_bytes);
    const auto before_data = out.size();
    while (const auto slot = lane.poll_data(1 << 20)) {
        auto& from = sources_[static_cast<std::uint32_t>(slot->id)];
        const auto bytes = std::min(from.left, slot->payload_bytes_max);
        const bool fin = from.fin && bytes == from.left;
        if (bytes > 0 || fin) {
            const auto frame = out.prepare(mux::frame_header_bytes + bytes);
            std::memset(frame.data(), 0, frame.size());
            lane.commit_data(slot->id, bytes, fin, frame, now);
            out.commit(mux::frame_header_bytes + bytes);
            from.left -= bytes;
        }
        if (from.left == 0)
            lane.set_ready(slot->id, false);
        if (fin)
            from.fin = false;
    }
    count(out.view().subspan(before_data));
    return {out.view().begin(), out.view().end()};
}

/// Frames that are sent for the first time.
void scripted_lane::count(byte_view frames)
{
    mux::frame_reader reader(mux::payload_bytes_max);
    while (const auto frame = reader.next(frames).value()) {
        counted_ += mux::is_sequenced(frame->header.type) ? 1U : 0U;
        if (frame->header.type == static_cast<std::uint8_t>(frame_type::ping))
            unanswered_ping_ = mux::decode_u64(frame->payload).value();
    }
}

std::string scripted_lane::wait(mux::clock::duration how_long)
{
    std::string words;
    const auto end = now + how_long;
    for (int steps = 0; lane.next_deadline() <= end; ++steps) {
        BOOST_TEST_REQUIRE(steps < 100'000, "deadlines that handle_timeout() does not remove");
        now = std::max(now, lane.next_deadline());
        if (lane.handle_timeout(now))
            return words + (words.empty() ? "" : "; ") + "lost";
        while (const auto event = lane.poll_event())
            note(words, *event);
        BOOST_TEST_REQUIRE((lane.next_deadline() > now), "a deadline is not met by its time-out");
    }
    now = end;
    return words;
}

std::string scripted_lane::wait_with_living_peer(mux::clock::duration how_long)
{
    std::string words;
    const auto end = now + how_long;
    while (now < end && !lane.failed()) {
        const auto more = wait(std::min<mux::clock::duration>(50ms, end - now));
        words += (words.empty() || more.empty() ? "" : "; ") + more;
        (void)take_message();
        octets answer;
        if (const auto ping = std::exchange(unanswered_ping_, std::nullopt))
            mux::append_pong(answer, {*ping, 0, 0});
        if (counted_ > acked_)
            answer = answer + u64_frame(frame_type::ack, acked_ = counted_);
        if (!answer.empty()) {
            const auto events = receive(answer);
            words += (words.empty() || events.empty() ? "" : "; ") + events;
        }
    }
    return words;
}

std::uint32_t scripted_lane::open(std::string_view where)
{
    mux::open_frame request;
    request.destination = parse_target(where).value();
    const auto id = lane.open(std::move(request), nullptr, now);
    return id ? static_cast<std::uint32_t>(*id) : 0;
}

void scripted_lane::accept(std::uint32_t id) { lane.accept(id_of(id), {}, now); }

void scripted_lane::supply(std::uint32_t id, std::size_t bytes, bool fin)
{
    sources_[id].left += bytes;
    sources_[id].fin = fin;
    lane.set_ready(id_of(id), true);
}

octets hello_frame(const mux::hello& h)
{
    octets out;
    mux::append_hello(out, h);
    return out;
}

octets open_frame(std::uint32_t id, std::size_t early, std::uint8_t flags, std::uint32_t limit)
{
    const octets first(early, 'e');
    mux::open_frame open;
    open.limit = limit;
    open.destination = parse_target("example.org:80").value();
    open.early = first;
    octets out;
    mux::append_open(out, mux::stream_id{id}, open, (flags & flag_fin) != 0);
    return out;
}

octets open_ok_frame(std::uint32_t id, std::uint32_t limit)
{
    octets out;
    mux::open_ok_frame ok;
    ok.limit = limit;
    mux::append_open_ok(out, mux::stream_id{id}, ok);
    return out;
}

octets open_fail_frame(std::uint32_t id, std::uint16_t code, std::string_view text)
{
    octets out;
    mux::append_reason(out, frame_type::open_fail, mux::stream_id{id}, {code, std::string(text)});
    return out;
}

octets data_frame(std::uint32_t id, std::size_t bytes, std::uint8_t flags)
{
    return raw_frame(static_cast<std::uint8_t>(frame_type::data), id, octets(bytes, 'd'), flags);
}

octets window_frame(std::uint32_t id, std::uint64_t limit)
{
    octets out;
    mux::append_u64(out, frame_type::window, mux::stream_id{id}, limit);
    return out;
}

octets reset_frame(std::uint32_t id, std::uint16_t code, std::uint8_t flags)
{
    octets out;
    mux::append_reset(out, mux::stream_id{id}, flags, {code, 0});
    return out;
}

octets u64_frame(frame_type type, std::uint64_t value)
{
    octets out;
    mux::append_u64(out, type, mux::stream_id{}, value);
    return out;
}

octets raw_frame(std::uint8_t type, std::uint32_t id, const octets& payload, std::uint8_t flags)
{
    octets out(mux::frame_header_bytes);
    const mux::frame_header header{
        .type = type,
        .flags = flags,
        .payload_bytes = static_cast<std::uint16_t>(payload.size()),
        .stream = mux::stream_id{id},
    };
    mux::encode_header(header, std::span<std::uint8_t, mux::frame_header_bytes>(out));
    return out + payload;
}

octets operator+(octets left, const octets& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

}  // namespace mux_test
