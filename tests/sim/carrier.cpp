#include "carrier.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <utility>

namespace sim {

using namespace penstock;

carrier::carrier(
    environment& env,
    const pipe_settings& up,
    const pipe_settings& down,
    break_plan plan,
    endpoint& client,
    endpoint& server
)
    : env_(env), up_(up), down_(down), plan_(std::move(plan)), client_(client), server_(server)
{
    for (auto* const times : {&plan_.cuts, &plan_.hand_overs})
        std::ranges::sort(*times, std::greater{});  // the next one is the last
    auto& first = links_.emplace_back(env_, up_, down_, epoch_);
    if (const auto& cut = plan_.first_link)
        (cut->up ? first.up : first.down).cut_behind(cut->behind_bytes);
    client_link_ = server_link_ = &first;
    client_.connect(first.up, mux::hello{});
    server_.connect(first.down, std::nullopt);
}

time_point carrier::next_at() const
{
    auto next = std::min(dial_at_, gives_up_at_);
    for (const auto& l : links_)
        next =
            std::min({next, l.up.next_at(), l.down.next_at(), l.client_notices, l.server_notices});
    if (can_break() && !plan_.cuts.empty())
        next = std::min(next, environment::start + plan_.cuts.back());
    if (can_break() && client_.lane.ready() && !plan_.hand_overs.empty())
        next = std::min(next, environment::start + plan_.hand_overs.back());
    return next;
}

void carrier::deliver()
{
    for (auto& l : links_) {
        while (l.up.next_at() <= env_.now)
            deliver_up(l);
        while (l.down.next_at() <= env_.now)
            deliver_down(l);
    }
}

void carrier::deliver_down(link& l)
{
    const auto d = l.down.take();
    if (&l == client_link_)
        client_.deliver(d);
}

void carrier::deliver_up(link& l)
{
    const auto d = l.up.take();
    if (&l == server_link_)
        server_.deliver(d);
    else if (l.epoch > 0 && !l.greeted)
        read_hello(l, d);
}

/// The first frame of a link tells what it is for; who reads it belongs to the link, not to a lane
/// with streams.
void carrier::read_hello(link& l, const pipe::delivery& d)
{
    if (!l.reader)
        l.reader = std::make_unique<mux::lane>(
            mux::lane_settings{.role = mux::side::accepting}, server_.lease, env_.now
        );
    byte_view input = d.piece;
    const auto outcome = l.reader->handle_octets(input, env_.now);
    if (!outcome)
        BOOST_FAIL("an attempt begins with something else than HELLO");
    if (!*outcome)
        return;
    if (!input.empty())
        BOOST_FAIL("something came before HELLO was answered");
    take_attempt(l, std::get<mux::peer_ready>(**outcome).peer);
}

void carrier::take_attempt(link& l, const mux::hello& h)
{
    l.greeted = true;
    const auto& attach = h.attach.value();
    if (attach.epoch <= server_epoch_) {
        ++counters_.refused;
        mux::hello_err_frame refusal;
        refusal.why.code = static_cast<std::uint16_t>(mux::refusal::lane_lost);
        l.reader->send_hello_error(refusal);
        flat_buffer message;
        l.reader->poll_control(message, 1'000, env_.now);
        l.down.write(message.view());
        return;
    }
    server_epoch_ = attach.epoch;
    ++counters_.taken;
    if (server_.connected())
        server_.disconnect();
    if (!server_.lane.resume(h, attach.recv_seq, env_.now))
        BOOST_FAIL("the server cannot carry on from " << attach.recv_seq);
    server_.connect(l.down, mux::hello{});
    server_link_ = &l;
}

void carrier::look_after()
{
    check_losses();
    break_links();
    for (auto& l : links_) {
        const bool client_knows = client_.lost || l.client_notices <= env_.now;
        if (&l == client_link_ && client_knows)
            lose_client();
        const bool server_knows = server_.lost || l.server_notices <= env_.now;
        if (&l == server_link_ && server_knows) {
            server_link_ = nullptr;
            if (server_.lane.resumable())
                server_.disconnect();
        }
        for (auto* const noticed : {&l.client_notices, &l.server_notices})
            if (*noticed <= env_.now)
                *noticed = time_point::max();
    }
    if (gives_up_at_ <= env_.now)
        lose_client();
    if (client_.lane.ready())
        gives_up_at_ = time_point::max();
    if (dial_at_ <= env_.now)
        dial();
    links_.remove_if([&](const link& l) {
        return &l != client_link_ && &l != server_link_ && &l != &links_.back() &&
               l.up.next_at() == time_point::max();
    });
}

/// A link that works is never given up for lost.
void carrier::check_losses() const
{
    if (client_.lost && (client_link_ == nullptr || !client_link_->broken))
        BOOST_FAIL("the client gave a link up that works");
    if (server_.lost && (server_link_ == nullptr || !(server_link_->broken || server_link_->left)))
        BOOST_FAIL("the server gave a link up that works");
}

bool carrier::can_break() const
{
    return client_link_ != nullptr && !client_link_->broken &&
           (client_link_->epoch > 0 || client_.lane.ready());
}

void carrier::break_links()
{
    for (auto& l : links_)
        if (!l.broken && (l.up.is_cut() || l.down.is_cut()))
            break_link(l);
    const auto is_due = [&](const std::vector<microseconds>& times) {
        return can_break() && !times.empty() && environment::start + times.back() <= env_.now;
    };
    if (is_due(plan_.cuts)) {
        plan_.cuts.pop_back();
        break_link(*client_link_);
    }
    if (client_.lane.ready() && is_due(plan_.hand_overs)) {
        plan_.hand_overs.pop_back();
        hand_over();
    }
}

/// Of what is on the way each direction loses all, nothing or a part. Who notices, and when, is
/// another matter.
void carrier::break_link(link& l)
{
    ++counters_.breaks;
    l.broken = true;
    for (auto* const p : {&l.up, &l.down}) {
        const auto in_flight = static_cast<std::uint32_t>(p->written_bytes() - p->arrived_bytes());
        const std::uint32_t choices[] = {0, in_flight, env_.dice(in_flight + 1)};
        const auto arrives = choices[env_.dice(3)];
        p->cut_behind(p->arrived_bytes() + arrives);
    }
    if (!env_.one_in(5))
        l.client_notices = env_.now + env_.up_to(plan_.notice_max);
    if (!env_.one_in(3))
        l.server_notices = env_.now + env_.up_to(plan_.notice_max);
    env_.note('-', '-', "link " + std::to_string(l.epoch) + " breaks");
}

/// The client is done with its link, broken or only slow, and dials again.
void carrier::lose_client()
{
    auto& l = *std::exchange(client_link_, nullptr);
    l.left = true;
    if (!l.broken && !env_.one_in(3))
        l.server_notices = std::min(l.server_notices, env_.now + env_.up_to(plan_.notice_max));
    gives_up_at_ = time_point::max();
    if (!client_.lane.resumable()) {
        ended_ = true;
        return;
    }
    client_.disconnect();
    dial_at_ = env_.now + env_.up_to(plan_.dial_max);
}

void carrier::dial()
{
    dial_at_ = time_point::max();
    gives_up_at_ = env_.now + 200ms + env_.up_to(plan_.patience_max);
    ++counters_.attempts;
    auto& l = links_.emplace_back(env_, up_, down_, ++epoch_);
    if (env_.one_in(4))
        l.up.hold_until(env_.now + env_.up_to(5s));  // the next attempt may overtake it
    if (plan_.doomed_attempts > 0 && !env_.one_in(3)) {
        --plan_.doomed_attempts;
        const std::uint32_t within[] = {150, 3'000, 200'000};
        (env_.one_in(2) ? l.up : l.down).cut_behind(env_.dice(within[env_.dice(3)]));
    }
    mux::hello h;
    h.attach = mux::attach{};
    h.attach->mode = mux::attach_mode::resume;
    h.attach->epoch = epoch_;
    h.attach->recv_seq = client_.lane.recv_seq();
    client_link_ = &l;
    client_.connect(l.up, h);
}

/// Planned: the next link is there before the old one, which works, is given up.
void carrier::hand_over()
{
    client_link_->left = true;
    client_.disconnect();
    dial();
}

void carrier::be_calm()
{
    plan_.cuts.clear();
    plan_.hand_overs.clear();
    plan_.doomed_attempts = 0;
}

}  // namespace sim
