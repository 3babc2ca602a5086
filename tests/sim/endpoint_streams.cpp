// What becomes of the streams at one end: their plans against what the lane reports.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

#include "../support/mux/describe.hpp"
#include "endpoint.hpp"

namespace sim {

using namespace penstock;

std::uint64_t endpoint::total_of(const stream_end& s) const
{
    return is_client ? plans_[s.plan].up_bytes : plans_[s.plan].down_bytes;
}

double endpoint::reader_of(const stream_end& s) const
{
    const auto& plan = plans_[s.plan];
    return is_client ? plan.client_reads_bytes_per_us : plan.server_reads_bytes_per_us;
}

const stream_end* endpoint::end_of(std::size_t plan) const
{
    const auto found = by_plan_.find(plan);
    return found == by_plan_.end() ? nullptr : &streams_.at(found->second);
}

/// The stream is no more, at this end: nothing of it is read, sent or dialled from now on.
void endpoint::end(stream_end& s, failure why)
{
    if (std::exchange(s.over, true))
        BOOST_FAIL("a stream ends twice");
    s.why = why;
    s.finished_at = env.now;
    unread_ -= s.unread;
    active_.erase(by_plan_.at(s.plan));
}

void endpoint::dispatch(const mux::event& event)
{
    if (env.keeps_log)
        env.note(name, '<', mux_test::describe(event));
    if (const auto* const data = std::get_if<mux::stream_data>(&event))
        on_data(data->id, data->octets, data->fin);
    else if (const auto* const request = std::get_if<mux::open_requested>(&event))
        on_request(*request);
    else if (const auto* const refused = std::get_if<mux::open_refused>(&event))
        end(streams_.at(refused->id), refused->code);
    else if (const auto* const reset = std::get_if<mux::stream_reset>(&event))
        end(streams_.at(reset->id), reset->code);
    else if (const auto* const opened = std::get_if<mux::stream_opened>(&event))
        on_answer(streams_.at(opened->id));
    else if (std::get_if<mux::peer_ready>(&event) == nullptr)
        BOOST_FAIL("nobody drains, refuses or closes");
    else if (!is_client)
        lane.send_hello({});
}

void endpoint::on_answer(stream_end& s)
{
    if (s.over || std::exchange(s.answered, true))
        BOOST_FAIL("a stream is opened twice");
}

void endpoint::on_request(const mux::open_requested& request)
{
    stream_end s;
    s.plan = request.request.destination.port - 1U;
    s.dialled_at = env.now + plans_.at(s.plan).dial_time;
    if (!by_plan_.emplace(s.plan, request.id).second)
        BOOST_FAIL("a stream is requested twice");
    active_[request.id] = &streams_.emplace(request.id, s).first->second;
    on_data(request.id, request.request.early, request.fin);
}

void endpoint::dialled(mux::stream_id id, stream_end& s)
{
    s.dialled_at = time_point::max();
    if (plans_[s.plan].end == ending::refused) {
        lane.refuse(id, failure::connection_refused, "refused");
        end(s, failure::connection_refused);
        return;
    }
    lane.accept(id, {}, env.now);
    s.started = !plans_[s.plan].server_waits_for_end || s.fin_received;
    if (s.started)
        lane.set_ready(id, true);
    if (s.unread > 0)
        read_due(id, s);
}

void endpoint::on_data(mux::stream_id id, byte_view octets, bool fin)
{
    auto& s = streams_.at(id);
    if (s.over || s.fin_received)
        BOOST_FAIL("octets of a stream that has ended");
    if (!is_content(octets, s.plan, !is_client, s.received))
        BOOST_FAIL("wrong octets in stream " << s.plan << " behind " << s.received);
    s.received += octets.size();
    s.unread += octets.size();
    unread_ += octets.size();
    s.fin_received = fin;
    if (s.dialled_at == time_point::max() && reader_of(s) > 0 && s.unread > 0)
        s.reads_at = std::min(s.reads_at, reader_of(s) > 1e6 ? env.now : env.now + 1ms);
    if (fin && !is_client && !s.started && s.dialled_at == time_point::max()) {
        s.started = true;
        lane.set_ready(id, true);
    }
    finish_if_done(s);
}

void endpoint::read_due(mux::stream_id id, stream_end& s)
{
    s.reads_at = time_point::max();
    const auto rate = reader_of(s);
    if (rate == 0)
        return;
    const auto bytes =
        std::min<std::uint64_t>(s.unread, static_cast<std::uint64_t>(rate * 10'000) + 1);
    s.unread -= bytes;
    unread_ -= bytes;
    lane.consumed(id, bytes, env.now);
    if (s.unread > 0)
        s.reads_at = env.now + 10ms;
    finish_if_done(s);
}

void endpoint::finish_if_done(stream_end& s)
{
    if (s.fin_sent && s.fin_received && s.unread == 0 && !s.over)
        end(s, failure::none);
}

void endpoint::reset(std::size_t plan, failure code)
{
    const auto id = by_plan_.at(plan);
    auto& s = streams_.at(id);
    if (s.over)
        return;
    env.note(name, '-', "gives up " + std::to_string(static_cast<std::uint32_t>(id)));
    lane.reset(id, code);
    end(s, code);
}

/// Reads the stream's source behind its frame header, as much as there is and may go.
bool endpoint::fill(const mux::lane::send_slot& slot, flat_buffer& message)
{
    auto& s = streams_.at(slot.id);
    const auto& plan = plans_[s.plan];
    const bool resets = plan.end == (is_client ? ending::client_resets : ending::server_resets);
    if (resets && s.sent >= plan.reset_after_bytes) {
        reset(s.plan, failure::target_reset);
        return true;
    }
    // A source has what a read happens to find; sometimes its end comes alone.
    const auto left = total_of(s) - s.sent;
    auto bytes = std::min<std::uint64_t>(left, slot.payload_bytes_max);
    if (env.one_in(4) && bytes > 0)
        bytes = 1 + env.dice(static_cast<std::uint32_t>(bytes));
    const bool fin = bytes == left && (left == 0 || env.one_in(2)) && !resets;
    if (bytes > 0 || fin) {
        const auto frame = message.prepare(mux::frame_header_bytes + bytes);
        write_content(frame.subspan(mux::frame_header_bytes, bytes), s.plan, is_client, s.sent);
        lane.commit_data(slot.id, bytes, fin, frame, env.now);
        message.commit(mux::frame_header_bytes + bytes);
        s.sent += bytes;
        s.fin_sent = fin;
        finish_if_done(s);
    }
    return true;
}

}  // namespace sim
