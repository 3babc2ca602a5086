#include "scripted_servers.hpp"

using namespace support;

BOOST_AUTO_TEST_SUITE(resolver_limits)

BOOST_FIXTURE_TEST_CASE(names_that_hang_delay_no_other, resolver_fixture)
{
    settings.idle_workers_max = 2;
    for (int i = 0; i < 10; ++i) {
        const auto name = std::to_string(i) + ".hangs.example";
        servers->hold(name);
        ask(name);
        servers->wait_until_asked(name);
    }
    BOOST_TEST((wait(ask("a.example")).code == failure::none));
    BOOST_TEST(resolver->count().running == 10u);
}

BOOST_FIXTURE_TEST_CASE(the_caller_has_its_own_deadline, resolver_fixture)
{
    servers->hold("hangs.example");
    // A caller that leaves before a worker is there takes its question along: a longer wait then.
    auto patience = 1ms;
    for (; servers->asked("hangs.example") == 0; patience *= 2) {
        const auto got = wait(ask("hangs.example", "alice", patience));
        BOOST_TEST((got.code == failure::name_lookup_failed));
        BOOST_TEST(
            got.detail ==
            "the name servers did not answer within " + std::to_string(patience.count()) + " ms"
        );
    }

    // The abandoned lookup is still counted, and its late answer is of use to the next caller.
    BOOST_TEST(resolver->count().waiting == 0u);
    BOOST_TEST(resolver->count().running == 1u);
    servers->let_go();
    wait_for_count([](const auto& c) { return c.running == 0; });
    BOOST_TEST((wait(ask("hangs.example")).code == failure::none));
    BOOST_TEST(servers->asked("hangs.example") == 1);
}

BOOST_FIXTURE_TEST_CASE(the_shorter_deadline_counts, resolver_fixture)
{
    settings.deadline = 1ms;
    servers->hold("hangs.example");
    BOOST_TEST((wait(ask("hangs.example")).code == failure::name_lookup_failed));
}

BOOST_FIXTURE_TEST_CASE(one_principal_cannot_use_up_the_callers, resolver_fixture)
{
    settings.waiting_per_principal_max = 2;
    servers->hold_all();
    ask("1.example");
    ask("2.example");
    const auto refused = wait(ask("3.example"));
    BOOST_TEST((refused.code == failure::overloaded));
    ask("3.example", "bob");
    servers->wait_until_asked("3.example");
}

BOOST_FIXTURE_TEST_CASE(one_principal_cannot_use_up_the_workers, resolver_fixture)
{
    settings.workers_max = 3;
    settings.workers_per_principal_max = 2;
    servers->hold("1.example");
    servers->hold("2.example");
    ask("1.example", "alice", 1ms);
    ask("2.example", "alice", 1ms);
    servers->wait_until_asked("1.example");
    servers->wait_until_asked("2.example");
    wait_for_count([](const auto& c) { return c.waiting == 0; });  // given up, but still running

    const auto waits = ask("3.example");
    BOOST_TEST((wait(ask("4.example", "bob")).code == failure::none));
    BOOST_TEST(servers->asked("3.example") == 0);

    // Somebody else who asks for the waiting name does not wait for alice's share.
    BOOST_TEST((wait(ask("3.example", "bob")).code == failure::none));
    BOOST_TEST((wait(waits).code == failure::none));
}

BOOST_FIXTURE_TEST_CASE(the_queue_is_bounded, resolver_fixture)
{
    settings.workers_max = 1;
    settings.queued_max = 1;
    servers->hold("1.example");
    ask("1.example");
    servers->wait_until_asked("1.example");
    const auto queued = ask("2.example");
    BOOST_TEST((wait(ask("3.example")).code == failure::overloaded));
    servers->let_go();
    BOOST_TEST((wait(queued).code == failure::none));
}

BOOST_FIXTURE_TEST_CASE(a_queued_name_that_nobody_wants_is_not_asked_for, resolver_fixture)
{
    settings.workers_max = 1;
    servers->hold("1.example");
    const auto first = ask("1.example");
    servers->wait_until_asked("1.example");
    wait(ask("2.example", "alice", 1ms));
    BOOST_TEST(resolver->count().queued == 0u);
    servers->let_go();
    wait(first);
    wait(ask("3.example"));
    BOOST_TEST(servers->asked("2.example") == 0);
}

BOOST_FIXTURE_TEST_CASE(spare_workers_leave, resolver_fixture)
{
    settings.idle_workers_max = 1;
    settings.worker_idle_max = 1ms;
    servers->hold_all();
    const auto one = ask("1.example"), two = ask("2.example"), three = ask("3.example");
    servers->wait_until_asked("3.example");
    BOOST_TEST(resolver->count().workers == 3u);
    servers->let_go();
    wait_for_count([](const auto& c) { return c.workers == 1; });
    BOOST_TEST((wait(three).code == failure::none));
}

BOOST_FIXTURE_TEST_CASE(destruction_waits_for_nothing_and_tells_the_callers, resolver_fixture)
{
    servers->hold("hangs.example");
    const auto got = ask("hangs.example");
    servers->wait_until_asked("hangs.example");
    resolver.reset();  // comes back
    BOOST_TEST((wait(got).code == failure::name_lookup_failed));
}

BOOST_FIXTURE_TEST_CASE(an_answer_for_a_context_that_is_gone_goes_nowhere, resolver_fixture)
{
    servers->hold("hangs.example");
    const auto got = ask("hangs.example");
    servers->wait_until_asked("hangs.example");
    context.reset();
    BOOST_TEST(resolver->count().waiting == 0u);
    context.emplace(1);
    servers->let_go();
    wait_for_count([](const auto& c) { return c.running == 0; });
    BOOST_TEST(!got->has_value());
}

BOOST_AUTO_TEST_SUITE_END()
