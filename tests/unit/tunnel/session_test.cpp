#include <penstock/auth/principal.hpp>
#include <penstock/tunnel/backoff.hpp>
#include <penstock/tunnel/batch_sizer.hpp>
#include <penstock/tunnel/client_session.hpp>
#include <penstock/tunnel/session_registry.hpp>

#include <boost/test/unit_test.hpp>

using namespace penstock;
using tunnel::session_registry;

namespace {

/// Holds a lane and remembers what was asked of it.
struct recording_keeper final : tunnel::lane_keeper {
    void carry_on(pointer, transport::link, mux::hello) override {}
    void expire(pointer) override { expired = true; }
    bool expired = false;
};
const auto keeper = std::make_shared<recording_keeper>();
tunnel::session_registry::keepers displaced;

const auth::principal alice{"alice", auth::principal_kind::token};
const auth::principal bob{"bob", auth::principal_kind::token};

std::shared_ptr<tunnel::session> session_of(const session_registry::outcome& o)
{
    return std::get<std::shared_ptr<tunnel::session>>(o);
}

mux::hello hello_of(const tunnel::session& s)
{
    mux::hello h;
    h.session = s.id;
    h.key = s.key;
    return h;
}

}  // namespace

BOOST_AUTO_TEST_CASE(lanes_of_one_gateway_join_one_session)
{
    session_registry registry;
    tunnel::client_session client;
    const auto first = client.begin(0);
    BOOST_REQUIRE(first);
    BOOST_TEST((first->mode == mux::attach_mode::fresh));
    BOOST_TEST(!client.begin(1));  // waits for lane 0
    const auto made = session_of(registry.attach(*first, alice, keeper, displaced));
    (void)client.established(0, *first, hello_of(*made));

    const auto second = client.begin(1);
    BOOST_REQUIRE(second);
    BOOST_TEST((second->mode == mux::attach_mode::join));
    BOOST_TEST(session_of(registry.attach(*second, alice, keeper, displaced)) == made);
    BOOST_TEST(registry.size() == 1u);
    registry.leave(*made, first->lane);
    BOOST_TEST(registry.size() == 1u);
    registry.leave(*made, second->lane);
    BOOST_TEST(registry.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_session_is_joined_only_by_its_owner_with_its_key)
{
    session_registry registry;
    tunnel::client_session client;
    const auto asked = *client.begin(0);
    const auto made = session_of(registry.attach(asked, alice, keeper, displaced));
    (void)client.established(0, asked, hello_of(*made));
    auto join = *client.begin(1);
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach(join, bob, keeper, displaced)) ==
         mux::refusal::not_yours)
    );
    auto forged = join;
    forged.proof[31] ^= 1;
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach(forged, alice, keeper, displaced)) ==
         mux::refusal::not_yours)
    );
    auto other_lane = join;
    other_lane.lane = 7;
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach(other_lane, alice, keeper, displaced)) ==
         mux::refusal::not_yours)
    );
    auto unknown = join;
    unknown.session[0] ^= 1;
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach(unknown, alice, keeper, displaced)) ==
         mux::refusal::unknown_session)
    );
    BOOST_TEST(session_of(registry.attach(join, alice, keeper, displaced)) == made);
    // A number is used once.
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach(join, alice, keeper, displaced)) ==
         mux::refusal::limit_reached)
    );
}

BOOST_AUTO_TEST_CASE(a_lane_is_carried_on_by_its_owner_with_an_epoch_never_used_before)
{
    session_registry registry;
    tunnel::client_session client;
    const auto asked = *client.begin(0);
    const auto holder = std::make_shared<recording_keeper>();
    const auto made = session_of(registry.attach(asked, alice, holder, displaced));
    auto ticket = client.established(0, asked, hello_of(*made));
    const auto refusal_of = [&](const mux::attach& wanted, const auth::principal& who) {
        return std::get<mux::refusal>(registry.resume(wanted, who));
    };

    const auto older = ticket.resume(4);
    const auto newer = ticket.resume(5);
    BOOST_TEST((refusal_of(newer, bob) == mux::refusal::not_yours));
    auto forged = newer;
    forged.recv_seq = 6;  // the proof is for 5
    BOOST_TEST((refusal_of(forged, alice) == mux::refusal::not_yours));
    auto unknown = newer;
    unknown.session[0] ^= 1;
    BOOST_TEST((refusal_of(unknown, alice) == mux::refusal::unknown_session));

    const auto found = registry.resume(newer, alice);
    BOOST_TEST((std::get<tunnel::lane_keeper::pointer>(found) == holder));
    BOOST_TEST((refusal_of(newer, alice) == mux::refusal::lane_lost));
    BOOST_TEST((refusal_of(older, alice) == mux::refusal::lane_lost));
    BOOST_TEST(std::holds_alternative<tunnel::lane_keeper::pointer>(
        registry.resume(ticket.resume(5), alice)
    ));

    auto other = ticket;
    other.lane = 77;
    BOOST_TEST((refusal_of(other.resume(5), alice) == mux::refusal::lane_lost));
    registry.leave(*made, asked.lane);
    BOOST_TEST((refusal_of(ticket.resume(5), alice) == mux::refusal::unknown_session));
}

BOOST_AUTO_TEST_CASE(lanes_without_a_link_are_limited_and_the_oldest_goes)
{
    session_registry registry(
        {.parked_max = 4, .parked_per_principal_max = 2, .parked_bytes_max = 1'000}
    );
    struct lane {
        std::shared_ptr<tunnel::session> of;
        std::shared_ptr<recording_keeper> holder = std::make_shared<recording_keeper>();
    };
    const auto make = [&](const auth::principal& who) {
        lane made;
        made.of = session_of(registry.attach({}, who, made.holder, displaced));
        return made;
    };
    const auto park = [&](const lane& l, std::size_t bytes) {
        for (const auto& gone : registry.park(*l.of, 0, bytes))
            gone->expire(gone);
    };
    const auth::principal carol{"carol", auth::principal_kind::token};
    const auto a1 = make(alice), a2 = make(alice), a3 = make(alice), b1 = make(bob), b2 = make(bob);
    park(b1, 100);
    park(a1, 100);
    park(a2, 100);
    BOOST_TEST((!b1.holder->expired && !a1.holder->expired && !a2.holder->expired));
    park(a3, 100);  // alice has too many: her own goes, not bob's older one
    BOOST_TEST((!b1.holder->expired && a1.holder->expired && !a2.holder->expired));
    BOOST_TEST(registry.parked() == 3u);
    park(b2, 100);
    const auto c1 = make(carol), c2 = make(carol);
    park(c1, 100);  // too many of all
    BOOST_TEST((b1.holder->expired && !a2.holder->expired));
    registry.unpark(*a2.of, 0);
    registry.unpark(*a3.of, 0);
    BOOST_TEST(registry.parked() == 2u);
    park(c2, 950);  // too much of all
    BOOST_TEST((b2.holder->expired && c1.holder->expired && !c2.holder->expired));
    BOOST_TEST(!a2.holder->expired);
    registry.leave(*c2.of, 0);
    BOOST_TEST(registry.parked() == 0u);
}

BOOST_AUTO_TEST_CASE(sessions_are_limited_in_all_and_for_each_principal)
{
    session_registry registry(
        {.sessions_max = 3, .sessions_per_principal_max = 2, .lanes_per_session_max = 1}
    );
    const mux::attach fresh;
    const auto made = session_of(registry.attach(fresh, alice, keeper, displaced));
    (void)session_of(registry.attach(fresh, alice, keeper, displaced));
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach(fresh, alice, keeper, displaced)) ==
         mux::refusal::limit_reached)
    );
    (void)session_of(registry.attach(fresh, bob, keeper, displaced));
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach(fresh, bob, keeper, displaced)) ==
         mux::refusal::limit_reached)
    );

    mux::attach join;
    join.mode = mux::attach_mode::join;
    join.session = made->id;
    join.proof = tunnel::make_proof(join, made->key);
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach(join, alice, keeper, displaced)) ==
         mux::refusal::limit_reached)
    );
}

BOOST_AUTO_TEST_CASE(sessions_of_gateways_that_died_make_room_for_their_own_user)
{
    session_registry registry({.sessions_per_principal_max = 2});
    const auto dead = std::make_shared<recording_keeper>();
    tunnel::session_registry::keepers gone;
    const auto first = session_of(registry.attach({}, alice, dead, gone));
    (void)session_of(registry.attach({}, alice, keeper, gone));
    BOOST_TEST(
        (std::get<mux::refusal>(registry.attach({}, alice, keeper, gone)) ==
         mux::refusal::limit_reached)
    );
    BOOST_TEST(gone.empty());
    (void)registry.park(*first, 0, 100);
    (void)session_of(registry.attach({}, alice, keeper, gone));
    BOOST_TEST((gone == tunnel::session_registry::keepers{dead}));
    BOOST_TEST(registry.size() == 2u);
    BOOST_TEST(registry.parked() == 0u);
    registry.leave(*first, 0);  // its keeper says good-bye later
    BOOST_TEST(registry.size() == 2u);
}

BOOST_AUTO_TEST_CASE(whoever_parks_too_much_gives_way_himself)
{
    session_registry registry({.parked_bytes_max = 1'000, .parked_bytes_per_principal_max = 500});
    tunnel::session_registry::keepers none;
    const auto others = std::make_shared<recording_keeper>();
    const auto own = std::make_shared<recording_keeper>();
    const auto b = session_of(registry.attach({}, bob, others, none));
    const auto a1 = session_of(registry.attach({}, alice, own, none));
    const auto a2 = session_of(registry.attach({}, alice, keeper, none));
    BOOST_TEST(registry.park(*b, 0, 400).empty());
    BOOST_TEST(registry.park(*a1, 0, 300).empty());
    BOOST_TEST((registry.park(*a2, 0, 300) == tunnel::session_registry::keepers{own}));
    BOOST_TEST(registry.parked() == 2u);
}

BOOST_AUTO_TEST_CASE(a_lost_session_is_made_anew_by_whoever_comes_first)
{
    session_registry registry;
    tunnel::client_session client;
    int told = 0;
    client.add_listener([&] { ++told; });
    const auto asked = *client.begin(0);
    const auto made = session_of(registry.attach(asked, alice, keeper, displaced));
    (void)client.established(0, asked, hello_of(*made));
    BOOST_TEST(told == 1);
    client.lost(made->id);
    const auto again = client.begin(1);
    BOOST_REQUIRE(again);
    BOOST_TEST((again->mode == mux::attach_mode::fresh));
    BOOST_TEST(!client.begin(0));
    client.abort(1);
    BOOST_TEST(told == 2);
    BOOST_TEST(client.begin(0).has_value());
}

BOOST_AUTO_TEST_CASE(a_session_that_another_server_does_not_know_is_left_though_an_old_link_lives)
{
    session_registry old_server, new_server;
    tunnel::client_session client;
    const auto asked = *client.begin(0);
    const auto old_one = session_of(old_server.attach(asked, alice, keeper, displaced));
    (void)client.established(0, asked, hello_of(*old_one));

    // The old link drains and keeps its streams; the new one reaches another server.
    const auto join = *client.begin(0);
    BOOST_TEST(
        (std::get<mux::refusal>(new_server.attach(join, alice, keeper, displaced)) ==
         mux::refusal::unknown_session)
    );
    client.refused(0, join.session);
    const auto fresh = client.begin(0);
    BOOST_REQUIRE(fresh);
    BOOST_TEST((fresh->mode == mux::attach_mode::fresh));
    const auto new_one = session_of(new_server.attach(*fresh, alice, keeper, displaced));
    (void)client.established(0, *fresh, hello_of(*new_one));

    // The end of the old link does not touch the new session.
    client.lost(old_one->id);
    const auto next = client.begin(1);
    BOOST_REQUIRE(next);
    BOOST_TEST((next->mode == mux::attach_mode::join));
    BOOST_TEST((next->session == new_one->id));
}

BOOST_AUTO_TEST_CASE(streams_of_a_principal_are_counted_over_all_its_sessions)
{
    session_registry registry;
    const mux::attach fresh;
    const auto one = session_of(registry.attach(fresh, alice, keeper, displaced));
    const auto two = session_of(registry.attach(fresh, alice, keeper, displaced));
    const auto other = session_of(registry.attach(fresh, bob, keeper, displaced));
    ++one->usage->streams;
    BOOST_TEST(two->usage->streams.load() == 1u);
    BOOST_TEST(other->usage->streams.load() == 0u);
}

BOOST_AUTO_TEST_CASE(backoff_doubles_up_to_its_maximum_and_never_undercuts_the_server)
{
    using std::chrono::milliseconds;
    tunnel::backoff wait(milliseconds(200), milliseconds(15'000), 7);
    milliseconds longest{};
    for (int i = 0; i < 1'000; ++i) {
        const auto drawn = wait.next();
        BOOST_TEST((drawn >= milliseconds(0) && drawn <= milliseconds(15'000)));
        longest = std::max(longest, drawn);
    }
    BOOST_TEST((longest > milliseconds(10'000)));
    BOOST_TEST((wait.next(milliseconds(60'000)) == milliseconds(60'000)));
    wait.succeed();
    BOOST_TEST((wait.next() <= milliseconds(200)));
}

BOOST_AUTO_TEST_CASE(a_near_link_that_is_slow_has_less_before_it)
{
    using namespace std::chrono_literals;
    tunnel::batch_sizer sizer;
    sizer.set_near(true);
    io::clock::time_point now{};
    sizer.add(0, true, now += 1s);
    for (int i = 0; i < 200; ++i)
        sizer.add(500'000, true, now += 5ms);  // 800 Mbit/s
    BOOST_TEST((sizer.batch_bytes() > 24'900 && sizer.batch_bytes() < 25'100));
    BOOST_TEST((sizer.lowat_bytes() > 49'800 && sizer.lowat_bytes() < 50'200));
}

BOOST_AUTO_TEST_CASE(batches_follow_the_rate_of_a_blocked_link)
{
    using namespace std::chrono_literals;
    tunnel::batch_sizer sizer;
    io::clock::time_point now{};
    sizer.add(0, true, now += 1s);
    for (int i = 0; i < 200; ++i)
        sizer.add(6'250, true, now += 5ms);  // 10 Mbit/s
    BOOST_TEST(sizer.batch_bytes() == tunnel::batch_sizer::batch_bytes_min);
    BOOST_TEST(sizer.lowat_bytes() == tunnel::batch_sizer::lowat_bytes_min);
    BOOST_TEST(sizer.chunk_bytes() == tunnel::batch_sizer::chunk_bytes_slow);
    for (int i = 0; i < 200; ++i)
        sizer.add(5'000'000, true, now += 5ms);  // 1 GB/s
    BOOST_TEST(sizer.batch_bytes() == tunnel::batch_sizer::batch_bytes_max);
    BOOST_TEST(sizer.chunk_bytes() == tunnel::batch_sizer::chunk_bytes_fast);
    sizer.set_near(true);
    BOOST_TEST(sizer.batch_bytes() == tunnel::batch_sizer::near_bytes_max);
    BOOST_TEST(sizer.lowat_bytes() == tunnel::batch_sizer::near_bytes_max);
    sizer.set_near(false);
    // Idle time says nothing about what the link can do.
    for (int i = 0; i < 200; ++i)
        sizer.add(100, false, now += 1s);
    BOOST_TEST(sizer.batch_bytes() == tunnel::batch_sizer::batch_bytes_max);
}
