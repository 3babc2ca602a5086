#include <penstock/io/timer_wheel.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>

namespace penstock::io {
namespace {

void insert_before(wheel_hook& position, wheel_hook& hook) noexcept
{
    hook.previous = position.previous;
    hook.next = &position;
    position.previous->next = &hook;
    position.previous = &hook;
}

void remove(wheel_hook& hook) noexcept
{
    hook.previous->next = hook.next;
    hook.next->previous = hook.previous;
    hook.previous = hook.next = &hook;
}

/// Puts all of `from` into the empty list `to`.
void take_all(wheel_hook& to, wheel_hook& from) noexcept
{
    if (from.next == &from)
        return;
    to.next = from.next;
    to.previous = from.previous;
    to.next->previous = &to;
    to.previous->next = &to;
    from.previous = from.next = &from;
}

}  // namespace

void wheel_timer::cancel() noexcept
{
    if (wheel_ != nullptr)
        wheel_->cancel(*this);
}

timer_wheel::~timer_wheel()
{
    for (auto& slot : slots_) {
        while (slot.next != &slot)
            unlink(static_cast<wheel_timer&>(*slot.next));
    }
}

std::uint64_t timer_wheel::arm(wheel_timer& timer, std::uint64_t due_tick) noexcept
{
    if (timer.wheel_ != nullptr)
        timer.wheel_->unlink(timer);
    timer.due_tick_ = std::max(due_tick, tick_ + 1);
    timer.wheel_ = this;
    insert_before(slots_[timer.due_tick_ % slot_count], timer);
    ++armed_;
    return timer.due_tick_;
}

void timer_wheel::cancel(wheel_timer& timer) noexcept
{
    unlink(timer);
    if (armed_ == 0 && idle_ != nullptr)
        idle_(idle_owner_);
}

void timer_wheel::unlink(wheel_timer& timer) noexcept
{
    remove(timer);
    timer.wheel_ = nullptr;
    --armed_;
}

void timer_wheel::advance(std::uint64_t tick)
{
    if (tick <= tick_)
        return;
    // After a long sleep one look at each slot is enough.
    const auto first = tick - tick_ > slot_count ? tick - slot_count + 1 : tick_ + 1;
    tick_ = tick;  // what the functions arm is due later, and is not called in this round
    for (auto at = first; at <= tick; ++at) {
        // The slot is worked off from a list of its own: the functions may cancel or re-arm any
        // timer in it.
        wheel_hook pending;
        auto& slot = slots_[at % slot_count];
        take_all(pending, slot);
        while (pending.next != &pending) {
            auto& timer = static_cast<wheel_timer&>(*pending.next);
            if (timer.due_tick_ > tick) {
                remove(timer);  // a later turn
                insert_before(slot, timer);
                continue;
            }
            unlink(timer);
            timer.call_(timer.owner_);  // may destroy the timer
        }
    }
}

std::optional<std::uint64_t> timer_wheel::next_tick() const noexcept
{
    if (armed_ == 0)
        return std::nullopt;
    for (std::uint64_t at = tick_ + 1; at < tick_ + slot_count; ++at) {
        const auto& slot = slots_[at % slot_count];
        if (slot.next != &slot)
            return at;
    }
    return tick_ + slot_count;
}

timer_service::timer_service(asio::execution_context& context)
    : service(context), timer_(std::in_place, static_cast<asio::io_context&>(context))
{
}

timer_service& timer_service::of(asio::execution_context& context)
{
    return asio::use_service<timer_service>(context);
}

void timer_service::shutdown() noexcept { timer_.reset(); }

std::uint64_t timer_service::tick_of(clock::time_point time) const noexcept
{
    return static_cast<std::uint64_t>(std::max<clock::rep>((time - start_) / tick, 0));
}

void timer_service::arm(wheel_timer& timer, clock::duration after)
{
    if (!timer_)
        return;  // the context is being destroyed
    // Rounded up, so never early; bounded, so that "for ever" does not overflow.
    const auto bounded =
        std::clamp<clock::duration>(after, clock::duration::zero(), std::chrono::hours(24 * 365));
    const auto due = wheel_.arm(timer, tick_of(clock::now() + bounded + tick - clock::duration(1)));
    if (!waiting_for_ || due < *waiting_for_)
        wait_for(due);
}

void timer_service::wait_for(std::uint64_t due)
{
    waiting_for_ = due;
    timer_->expires_at(start_ + tick * static_cast<std::int64_t>(due));
    timer_->async_wait([this, due](error_code ec) {
        if (ec)
            return;  // an earlier wait took its place, or nothing is armed any more
        if (waiting_for_ == due)
            waiting_for_.reset();
        wheel_.advance(tick_of(clock::now()));
        if (const auto next = wheel_.next_tick(); next && (!waiting_for_ || *next < *waiting_for_))
            wait_for(*next);
    });
}

void timer_service::stop_waiting() noexcept
{
    waiting_for_.reset();
    if (timer_)
        timer_->cancel();  // a context without other work may end
}

}  // namespace penstock::io
