#include <penstock/io/timer_wheel.hpp>

#include <memory>
#include <vector>

#include "support.hpp"

using namespace support;
using io::timer_service;
using io::timer_wheel;
using io::wheel_timer;

BOOST_AUTO_TEST_SUITE(timers)

/// A timer that writes its name down.
struct recorder {
    recorder(std::vector<char>& l, char n) : log(l), name(n) {}

    std::vector<char>& log;
    char name;
    wheel_timer timer{
        [](void* self) noexcept {
            auto& me = *static_cast<recorder*>(self);
            me.log.push_back(me.name);
        },
        this
    };
};

struct fixture {
    std::vector<char> log;
    timer_wheel wheel;
    recorder a{log, 'a'}, b{log, 'b'}, c{log, 'c'};

    std::string fired() const { return {log.begin(), log.end()}; }
};

BOOST_FIXTURE_TEST_CASE(fires_at_its_tick_and_not_before, fixture)
{
    wheel.arm(a.timer, 3);
    wheel.arm(b.timer, 5);
    wheel.advance(2);
    BOOST_TEST(fired() == "");
    wheel.advance(3);
    BOOST_TEST(fired() == "a");
    BOOST_TEST(!a.timer.armed());
    wheel.advance(5);
    BOOST_TEST(fired() == "ab");
    BOOST_TEST(wheel.armed() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_tick_that_has_passed_means_the_next_one, fixture)
{
    wheel.advance(10);
    BOOST_TEST(wheel.arm(a.timer, 4) == 11u);
    wheel.advance(11);
    BOOST_TEST(fired() == "a");
}

BOOST_FIXTURE_TEST_CASE(cancelled_never_fires, fixture)
{
    wheel.arm(a.timer, 1);
    wheel.arm(b.timer, 1);
    a.timer.cancel();
    wheel.advance(1);
    BOOST_TEST(fired() == "b");
}

BOOST_FIXTURE_TEST_CASE(arming_again_moves, fixture)
{
    wheel.arm(a.timer, 1);
    wheel.arm(a.timer, 7);
    BOOST_TEST(wheel.armed() == 1u);
    wheel.advance(6);
    BOOST_TEST(fired() == "");
    wheel.advance(7);
    BOOST_TEST(fired() == "a");
}

BOOST_FIXTURE_TEST_CASE(later_turns_share_slots_without_firing_early, fixture)
{
    const auto turn = timer_wheel::slot_count;
    wheel.arm(a.timer, 2);
    wheel.arm(b.timer, 2 + turn);
    wheel.arm(c.timer, 2 + 10 * turn);
    wheel.advance(2);
    BOOST_TEST(fired() == "a");
    wheel.advance(1 + turn);
    BOOST_TEST(fired() == "a");
    wheel.advance(2 + turn);
    BOOST_TEST(fired() == "ab");
    wheel.advance(2 + 10 * turn);
    BOOST_TEST(fired() == "abc");
}

BOOST_FIXTURE_TEST_CASE(a_long_sleep_misses_nothing, fixture)
{
    wheel.arm(a.timer, 4);
    wheel.arm(b.timer, 4 + 3 * timer_wheel::slot_count);
    wheel.arm(c.timer, 1'000'000);
    wheel.advance(999'999);
    BOOST_TEST(fired() == "ab");
    wheel.advance(1'000'000);
    BOOST_TEST(fired() == "abc");
}

BOOST_FIXTURE_TEST_CASE(next_tick_is_never_late, fixture)
{
    BOOST_TEST(!wheel.next_tick().has_value());
    wheel.arm(a.timer, 100);
    BOOST_TEST(wheel.next_tick().value() == 100u);
    wheel.arm(b.timer, 40);
    BOOST_TEST(wheel.next_tick().value() == 40u);
    wheel.arm(a.timer, 5'000);
    wheel.arm(b.timer, 5'000);
    BOOST_TEST(wheel.next_tick().value() <= timer_wheel::slot_count);
}

/// A timer whose function works on other timers of the same slot.
struct meddler {
    timer_wheel& wheel;
    wheel_timer& to_cancel;
    std::unique_ptr<recorder> to_destroy;
    std::uint64_t again_at;
    int calls = 0;
    wheel_timer timer{
        [](void* self) noexcept {
            auto& me = *static_cast<meddler*>(self);
            me.to_cancel.cancel();
            me.to_destroy.reset();
            if (++me.calls == 1)
                me.wheel.arm(me.timer, me.again_at);
        },
        this
    };
};

BOOST_FIXTURE_TEST_CASE(functions_may_cancel_destroy_and_arm, fixture)
{
    meddler first{wheel, a.timer, std::make_unique<recorder>(log, 'x'), 1};
    wheel.arm(first.timer, 1);
    wheel.arm(a.timer, 1);
    wheel.arm(first.to_destroy->timer, 1);
    wheel.arm(b.timer, 1);
    wheel.advance(1);
    BOOST_TEST(fired() == "b");
    BOOST_TEST(first.calls == 1);
    wheel.advance(2);
    BOOST_TEST(first.calls == 2);
}

BOOST_FIXTURE_TEST_CASE(tells_when_the_last_is_cancelled, fixture)
{
    int idle = 0;
    timer_wheel told([](void* count) noexcept { ++*static_cast<int*>(count); }, &idle);
    told.arm(a.timer, 1);
    told.arm(b.timer, 1);
    a.timer.cancel();
    BOOST_TEST(idle == 0);
    b.timer.cancel();
    BOOST_TEST(idle == 1);
}

BOOST_FIXTURE_TEST_CASE(a_timer_may_outlive_its_wheel, fixture)
{
    {
        timer_wheel shorter;
        shorter.arm(a.timer, 1);
    }
    BOOST_TEST(!a.timer.armed());
}

BOOST_FIXTURE_TEST_CASE(service_fires_and_lets_the_context_end, fixture)
{
    asio::io_context context(1);
    auto& service = timer_service::of(context);
    service.arm(b.timer, std::chrono::hours(1));
    service.arm(a.timer, std::chrono::milliseconds(1));
    run_until(context, [this] { return !a.timer.armed(); });
    BOOST_TEST(fired() == "a");

    b.timer.cancel();
    context.restart();
    context.run();  // comes back: nothing is armed
    BOOST_TEST(fired() == "a");
}

BOOST_FIXTURE_TEST_CASE(service_is_one_for_each_context, fixture)
{
    asio::io_context one(1), other(1);
    BOOST_TEST(&timer_service::of(one) == &timer_service::of(one));
    BOOST_TEST(&timer_service::of(one) != &timer_service::of(other));
}

BOOST_FIXTURE_TEST_CASE(service_may_go_while_timers_are_armed, fixture)
{
    {
        asio::io_context context(1);
        timer_service::of(context).arm(a.timer, std::chrono::hours(1));
    }
    BOOST_TEST(!a.timer.armed());
}

BOOST_AUTO_TEST_SUITE_END()
