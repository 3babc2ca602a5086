#include "endpoint.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

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
    const std::vector<stream_plan>& plans
)
    : env(e), name(n), is_client(settings.role == mux::side::connecting), budget(budget_bytes),
      lane(settings, lease, e.now), plans_(plans), replay_bytes_max_(settings.replay_bytes_max)
{
    if (!is_client)
        return;
    for (std::size_t i = 0; i < plans.size(); ++i)
        to_open_.push_back(i);
    std::ranges::stable_sort(to_open_, [&](auto a, auto b) {
        return plans_[a].opens_at > plans_[b].opens_at;
    });
}

void endpoint::connect(pipe& out, std::optional<mux::hello> h)
{
    out_ = &out;
    if (h)
        lane.send_hello(std::move(*h));
}

void endpoint::disconnect()
{
    env.note(name, '-', "link lost, received " + std::to_string(lane.recv_seq()));
    lane.detach();
    out_ = nullptr;
    lost = false;
    if (lane.wants_to_send())
        BOOST_FAIL("a lane without a link wants to send");
    check_accounts();
}

time_point endpoint::next_at() const
{
    auto next = lane.next_deadline();
    if (!to_open_.empty() && lane.can_open())
        next = std::min(next, environment::start + plans_[to_open_.back()].opens_at);
    for (const auto& [id, s] : active_)
        next = std::min({next, s->reads_at, s->dialled_at});
    if (out_ != nullptr && lane.wants_to_send())
        next = std::min(next, out_->writable_at());
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
    check_accounts();
}

void endpoint::check_accounts() const
{
    if (lane.buffered_bytes() != unread_)
        BOOST_FAIL("the lane's account is wrong");
    if (lane.replay_bytes() > replay_bytes_max_ + mux::frame_header_bytes + mux::payload_bytes_max)
        BOOST_FAIL("the log is larger than its limit and a frame");
    // Whole blocks, of which the first and the last are used in part; spare ones only on a link.
    using log = mux::replay_log;
    const auto kept = lease.used_bytes() - unread_;
    const auto spare = out_ == nullptr ? 0 : log::spare_blocks_max;
    if (kept % log::block_bytes != 0 ||
        kept / log::block_bytes > lane.replay_bytes() / log::block_bytes + 2 + spare)
        BOOST_FAIL("the log holds more memory than it needs");
}

void endpoint::flush()
{
    while (out_ != nullptr && lane.wants_to_send() && out_->writable()) {
        flat_buffer message;
        lane.poll_control(message, control_bytes, env.now);
        if (message.size() < batch_bytes)
            lane.poll_replay(message, batch_bytes - message.size());
        while (message.size() < batch_bytes) {
            const auto slot = lane.poll_data(mux::payload_bytes_max);
            if (!slot || !fill(*slot, message))
                break;
        }
        if (message.empty())
            continue;
        if (env.keeps_log)
            env.note(name, '>', mux_test::describe_message(message.view(), false));
        out_->write(message.view());
        check_accounts();
    }
}

}  // namespace sim
