#define BOOST_TEST_MODULE net
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "scripted_servers.hpp"

using namespace support;

BOOST_AUTO_TEST_SUITE(resolving)

BOOST_FIXTURE_TEST_CASE(gives_the_addresses, resolver_fixture)
{
    const auto got = wait(ask("a.example"));
    BOOST_TEST((got.code == failure::none));
    BOOST_TEST_REQUIRE(got.addresses.size() == 1u);
    BOOST_TEST(got.addresses[0].to_string() == "192.0.2.1");
}

BOOST_FIXTURE_TEST_CASE(failures_keep_their_cause, resolver_fixture)
{
    servers->answer("none.example", not_found(failure::name_not_found));
    servers->answer("broken.example", not_found(failure::name_lookup_failed));
    BOOST_TEST((wait(ask("none.example")).code == failure::name_not_found));
    BOOST_TEST((wait(ask("broken.example")).code == failure::name_lookup_failed));
    const auto thrown = wait(ask("throws.example"));
    BOOST_TEST((thrown.code == failure::name_lookup_failed));
    BOOST_TEST(thrown.detail == "thrown by the lookup");
}

BOOST_FIXTURE_TEST_CASE(same_name_at_the_same_time_is_one_lookup, resolver_fixture)
{
    servers->hold("a.example");
    const auto first = ask("a.example"), second = ask("a.example", "bob");
    servers->wait_until_asked("a.example");
    const auto third = ask("a.example");
    BOOST_TEST(resolver->count().waiting == 3u);
    servers->let_go();
    for (const auto& one : {first, second, third})
        BOOST_TEST((wait(one).code == failure::none));
    BOOST_TEST(servers->asked("a.example") == 1);
}

BOOST_FIXTURE_TEST_CASE(answers_are_kept_for_their_time, resolver_fixture)
{
    servers->answer("none.example", not_found(failure::name_not_found));
    servers->answer("broken.example", not_found(failure::name_lookup_failed));
    const auto ask_all = [this] {
        for (const char* name : {"a.example", "none.example", "broken.example"})
            wait(ask(name));
    };
    ask_all();
    ask_all();
    BOOST_TEST(servers->asked("a.example") == 1);
    BOOST_TEST(servers->asked("none.example") == 1);
    BOOST_TEST(servers->asked("broken.example") == 2);  // asked again: it may be over

    *now += settings.negative_ttl;
    ask_all();
    BOOST_TEST(servers->asked("a.example") == 1);
    BOOST_TEST(servers->asked("none.example") == 2);

    *now += settings.positive_ttl;
    ask_all();
    BOOST_TEST(servers->asked("a.example") == 2);
}

BOOST_FIXTURE_TEST_CASE(the_cache_is_bounded_and_drops_the_oldest, resolver_fixture)
{
    settings.cached_names_max = 2;
    for (const char* name : {"1.example", "2.example", "3.example"})
        wait(ask(name));
    BOOST_TEST(resolver->count().cached == 2u);
    wait(ask("3.example"));
    wait(ask("2.example"));
    wait(ask("1.example"));
    BOOST_TEST(servers->asked("3.example") == 1);
    BOOST_TEST(servers->asked("2.example") == 1);
    BOOST_TEST(servers->asked("1.example") == 2);
}

BOOST_FIXTURE_TEST_CASE(cancellation_ends_the_wait, resolver_fixture)
{
    servers->hold("hangs.example");
    resolver.emplace(settings);
    asio::cancellation_signal stop;
    bool ended = false;
    asio::co_spawn(
        *context,
        resolver->resolve("hangs.example", "alice"),
        asio::bind_cancellation_slot(
            stop.slot(),
            [&](std::exception_ptr, net::lookup_result r) {
                ended = true;
                BOOST_TEST((r.code != failure::none));
            }
        )
    );
    run_until(*context, [&] { return resolver->count().waiting == 1; });
    stop.emit(asio::cancellation_type::terminal);
    run_until(*context, [&] { return ended; });
    BOOST_TEST(resolver->count().waiting == 0u);
}

BOOST_FIXTURE_TEST_CASE(special_names_never_reach_the_servers, resolver_fixture)
{
    for (const char* name : {"localhost", "app.localhost"}) {
        const auto local = wait(ask(name));
        BOOST_TEST_REQUIRE(local.addresses.size() == 2u);
        BOOST_TEST(local.addresses[0].to_string() == "::1");
        BOOST_TEST(local.addresses[1].to_string() == "127.0.0.1");
        BOOST_TEST(servers->asked(name) == 0);
    }
    for (const char* name : {"onion", "abc.onion"}) {
        BOOST_TEST((wait(ask(name)).code == failure::name_not_found));
        BOOST_TEST(servers->asked(name) == 0);
    }
    wait(ask("notlocalhost"));
    BOOST_TEST(servers->asked("notlocalhost") == 1);
    wait(ask("onion.example"));
    BOOST_TEST(servers->asked("onion.example") == 1);
}

BOOST_AUTO_TEST_CASE(the_system_reads_addresses_and_hosts)
{
    const auto literal = net::system_lookup("192.0.2.7");
    BOOST_TEST((literal.code == failure::none));
    BOOST_TEST_REQUIRE(literal.addresses.size() == 1u);
    BOOST_TEST(literal.addresses[0].to_string() == "192.0.2.7");
    BOOST_TEST(net::system_lookup("2001:db8::7").addresses.at(0).to_string() == "2001:db8::7");

    const auto impossible = net::system_lookup("a..b");  // not a name: no server is asked
    BOOST_TEST((impossible.code == failure::name_not_found));
    BOOST_TEST(impossible.addresses.empty());
}

BOOST_AUTO_TEST_SUITE_END()
