#include "endpoint.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "../support/mux/describe.hpp"

namespace sim {

using namespace penstock;

namespace {

constexpr std::size_t control_bytes = 4 * 1024;

}  // namespace

endpoint::endpoint(
    environment& e,
    char n,
    const mux::lane_settings& settings,
    std::size_t budget_bytes,
    const std::vector<stream_plan>& plans,
    pipe& out
)
    : env(e), name(n), is_client(settings.role == mux::side::connecting), budget(budget_bytes),
      lane(settings, lease, e.now), plans_(plans), out_(out)
{
    if (!is_client)
        return;
    for (std::size_t i = 0; i < plans.size(); ++i)
        to_open_.push_back(i);
    std::ranges::stable_sort(to_open_, [&](auto a, auto b) {
        return plans_[a].opens_at > plans_[b].opens_at;
    });
}

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
    s.over = true;
    s.why = why;
    s.finished_at = env.now;
    unread_ -= s.unread;
    active_.erase(by_plan_.at(s.plan));
}

time_point endpoint::next_at() const
{
    auto next = lane.next_deadline();
    if (!to_open_.empty() && lane.can_open())
        next = std::min(next, environment::start + plans_[to_open_.back()].opens_at);
    for (const auto& [id, s] : active_)
        next = std::min({next, s->reads_at, s->dialled_at});
    if (lane.wants_to_send())
        next = std::min(next, out_.writable_at());
    return next;
}

void endpoint::run()
{
    if (env.now >= lane.next_deadline()) {
        lost = lost || lane.handle_timeout(env.now);
        while (const auto event = lane.poll_event())
            dispatch(*event);
        if (!lost && lane.next_deadline() <= env.now)
            BOOST_FAIL("a deadline is not met by its time-out");
    }
    open_due_streams();
    for (auto next = active_.begin(); next != active_.end();) {
        const auto [id, s] = *next++;  // it may end here
        if (s->dialled_at <= env.now)
            dialled(id, *s);
        if (!s->over && s->reads_at <= env.now)
            read_due(id, *s);
    }
    flush();
}

void endpoint::open_due_streams()
{
    while (!to_open_.empty() && lane.can_open()) {
        const auto plan = to_open_.back();
        if (environment::start + plans_[plan].opens_at > env.now)
            return;
        to_open_.pop_back();
        octets early(plans_[plan].early_bytes);
        write_content(early, plan, true, 0);
        mux::open_frame request;
        request.priority = plans_[plan].priority;
        request.destination.host = std::string("target.test");
        request.destination.port = static_cast<std::uint16_t>(plan + 1);
        request.early = early;
        const auto id = lane.open(std::move(request), nullptr, env.now).value();
        stream_end s;
        s.plan = plan;
        s.started = true;
        s.sent = early.size();
        by_plan_[plan] = id;
        active_[id] = &streams_.emplace(id, s).first->second;
        lane.set_ready(id, true);
    }
}

void endpoint::deliver(const pipe::delivery& d)
{
    byte_view input = d.piece;
    for (;;) {
        const auto outcome = lane.handle_octets(input, env.now);
        if (!outcome) {
            env.note(name, '!', lane.failure_reason()->text);
            return;
        }
        if (!*outcome)
            break;
        dispatch(**outcome);
    }
    if (d.message_end && lane.handle_message_end())
        env.note(name, '!', lane.failure_reason()->text);
    unread_bytes_most = std::max(unread_bytes_most, lane.buffered_bytes());
    if (lane.buffered_bytes() != unread_)
        BOOST_FAIL("the lane's account is wrong");
}

void endpoint::dispatch(const mux::event& event)
{
    env.note(name, '<', mux_test::describe(event));
    if (const auto* const data = std::get_if<mux::stream_data>(&event))
        on_data(data->id, data->octets, data->fin);
    else if (const auto* const request = std::get_if<mux::open_requested>(&event))
        on_request(*request);
    else if (const auto* const refused = std::get_if<mux::open_refused>(&event))
        end(streams_.at(refused->id), refused->code);
    else if (const auto* const reset = std::get_if<mux::stream_reset>(&event))
        end(streams_.at(reset->id), reset->code);
    else if (std::get_if<mux::peer_ready>(&event) != nullptr && !is_client)
        greet();
}

void endpoint::on_request(const mux::open_requested& request)
{
    stream_end s;
    s.plan = request.request.destination.port - 1U;
    s.dialled_at = env.now + plans_.at(s.plan).dial_time;
    by_plan_[s.plan] = request.id;
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

void endpoint::flush()
{
    while (lane.wants_to_send() && out_.writable()) {
        flat_buffer message;
        lane.poll_control(message, control_bytes, env.now);
        while (message.size() < batch_bytes) {
            const auto slot = lane.poll_data(mux::payload_bytes_max);
            if (!slot || !fill(*slot, message))
                break;
        }
        if (message.empty())
            continue;
        env.note(name, '>', mux_test::describe_message(message.view(), false));
        out_.write(message.view());
    }
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
