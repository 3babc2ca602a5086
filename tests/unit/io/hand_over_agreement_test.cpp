// Both sides of a hand-over agree on who serves, and whoever cannot be answered now is later.
#include <sys/resource.h>

#include "hand_over_fixture.hpp"

using namespace support;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(handing_over_in_agreement)

BOOST_FIXTURE_TEST_CASE(whoever_comes_too_late_ends_and_the_old_one_goes_on, folder_fixture)
{
    const auto old = listen("127.0.0.1:0");
    const io::hand_over_settings settings{
        .ready_timeout = 20ms, .let_go_timeout = 20ms, .death_timeout = 0ms
    };
    const auto says_so = [](const io::hand_over_error& e) {
        return std::string(e.what()).find(" did not let go: ") != std::string::npos;
    };
    io::hand_over_giver giver(path(), "server", settings);
    auto outcome = std::async(std::launch::async, [&] { return serve(giver, {old.shared()}); });
    auto taker = io::hand_over_taker::connect(path(), "server", settings);
    BOOST_TEST(taker->take().size() == 1u);
    BOOST_TEST((outcome.get().what == kind::given_up));  // ready_timeout is over
    BOOST_CHECK_EXCEPTION(taker->ready(), io::hand_over_error, says_so);
}

BOOST_FIXTURE_TEST_CASE(an_old_process_that_hears_of_it_too_late_goes_on, folder_fixture)
{
    const auto old = listen("127.0.0.1:0");
    io::hand_over_giver giver(path(), "server");
    auto taker = io::hand_over_taker::connect(
        path(), "server", {.let_go_timeout = 20ms, .death_timeout = 0ms}
    );
    BOOST_TEST((giver.step({}).what == kind::nothing_new));
    auto taken = std::async(std::launch::async, [&] { return taker->take(); });
    while (taken.wait_for(1ms) != std::future_status::ready)
        (void)giver.step(std::vector{old.shared()});
    BOOST_TEST(taken.get().size() == 1u);
    BOOST_CHECK_THROW(taker->ready(), io::hand_over_error);  // the old one is busy elsewhere
    BOOST_TEST((serve(giver, {old.shared()}).what == kind::given_up));
}

BOOST_FIXTURE_TEST_CASE(without_descriptors_whoever_asks_waits, giving)
{
    auto taker = io::hand_over_taker::connect(path(), "server");
    rlimit before{};
    BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    rlimit lowered = before;
    lowered.rlim_cur = 0;
    BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
    const auto outcome_without = giver.step(sockets);
    ::setrlimit(RLIMIT_NOFILE, &before);
    BOOST_TEST((outcome_without.what == kind::nothing_new));
    BOOST_TEST(giver.descriptor() == -1);  // not the queue, which is readable
    BOOST_TEST((giver.deadline() != io::clock::time_point::max()));
    auto outcome = served();
    BOOST_TEST(taker->take().size() == 1u);
    taker->ready();
    BOOST_TEST((outcome.get().what == kind::handed_over));
}

BOOST_FIXTURE_TEST_CASE(the_second_who_asks_gets_the_sockets_of_the_first, giving)
{
    auto outcome = served();
    auto first = io::hand_over_taker::connect(path(), "server");
    BOOST_TEST(first->take().size() == 1u);
    auto second = io::hand_over_taker::connect(path(), "server");
    auto taken = std::async(std::launch::async, [&] { return second->take(); });
    first->ready();
    BOOST_TEST((outcome.get().what == kind::handed_over));
    io::hand_over_giver next(path(), "server");
    auto then = std::async(std::launch::async, [&] { return serve(next, sockets); });
    BOOST_TEST(taken.get().size() == 1u);
    second->ready();
    BOOST_TEST((then.get().what == kind::handed_over));
}

BOOST_FIXTURE_TEST_CASE(the_second_who_asks_does_not_wait_for_ever, giving)
{
    auto second = io::hand_over_taker::connect(path(), "server", {.answer_timeout = 20ms});
    BOOST_CHECK_EXCEPTION((void)second->take(), io::hand_over_error, [](const auto& e) {
        return std::string(e.what()).ends_with("another hand-over is under way; try again");
    });
}

BOOST_AUTO_TEST_SUITE_END()
