#include <penstock/tunnel/server_choice.hpp>

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;
using penstock::tunnel::server_choice;

const server_choice::time_point now{1'000s};
constexpr auto never = server_choice::time_point::max();

}  // namespace

BOOST_AUTO_TEST_SUITE(choice_of_servers)

BOOST_AUTO_TEST_CASE(the_first_is_it_until_it_fails_and_then_the_next)
{
    server_choice choice(3, 30s, 1);
    int told = 0;
    choice.add_listener([&] { ++told; });
    BOOST_TEST(choice.current() == 0U);
    choice.failed(0, now);
    BOOST_TEST(choice.current() == 1U);
    choice.failed(0, now);  // another lane saw the same
    BOOST_TEST(choice.current() == 1U);
    choice.failed(1, now);
    choice.failed(2, now);
    BOOST_TEST(choice.current() == 0U);
    BOOST_TEST(told == 3);
}

BOOST_AUTO_TEST_CASE(a_single_server_stays_the_choice_and_nobody_is_told)
{
    server_choice choice(1, 30s, 1);
    bool told = false;
    choice.add_listener([&] { told = true; });
    choice.failed(0, now);
    BOOST_TEST(choice.current() == 0U);
    BOOST_TEST(!told);
    BOOST_TEST((choice.next_look() == never));
}

BOOST_AUTO_TEST_CASE(those_preferred_to_the_current_are_looked_at_one_after_the_other)
{
    server_choice choice(3, 30s, 1);
    choice.failed(0, now);
    choice.failed(1, now);
    auto due = choice.next_look();
    BOOST_TEST((due >= now + 15s && due <= now + 45s));
    BOOST_TEST(!choice.claim_look(due - 1ms).has_value());
    BOOST_TEST(choice.claim_look(due).value() == 0U);
    BOOST_TEST(!choice.claim_look(due).has_value());  // the look is another lane's
    due = choice.next_look();
    BOOST_TEST(choice.claim_look(due).value() == 1U);
    choice.succeeded(1, due);
    BOOST_TEST(choice.current() == 1U);
    BOOST_TEST(choice.claim_look(choice.next_look()).value() == 0U);
    choice.succeeded(0, due);
    BOOST_TEST((choice.next_look() == never));
    BOOST_TEST(!choice.claim_look(due + 24h).has_value());
}

BOOST_AUTO_TEST_CASE(a_server_that_comes_and_goes_is_looked_at_more_and_more_seldom)
{
    server_choice choice(2, 30s, 1);
    auto at = now;
    choice.failed(0, at);
    for (auto least = 15s; least < 300s; least *= 2) {
        BOOST_TEST((choice.next_look() - at >= least));
        BOOST_TEST((choice.next_look() - at <= 3 * least));
        at = choice.next_look();
        choice.succeeded(0, at);
        at += 1min;
        choice.failed(0, at);
    }
    BOOST_TEST((choice.next_look() - at <= 15min));
    at = choice.next_look();
    choice.succeeded(0, at);
    at += server_choice::trusted_after;
    choice.failed(0, at);  // it had held
    BOOST_TEST((choice.next_look() - at <= 45s));
}

BOOST_AUTO_TEST_CASE(a_link_to_a_server_that_is_not_preferred_changes_nothing)
{
    server_choice choice(2, 30s, 1);
    choice.succeeded(1, now);
    BOOST_TEST(choice.current() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
