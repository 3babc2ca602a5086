#define BOOST_TEST_MODULE net
#include <penstock/net/resolver.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>

#include "support.hpp"

using namespace support;
using namespace std::chrono_literals;
namespace net = penstock::net;
using penstock::failure;

BOOST_AUTO_TEST_SUITE(resolving)

net::lookup_result found(const char* address)
{
    net::lookup_result r;
    r.code = failure::none;
    r.addresses = {asio::ip::make_address(address)};
    return r;
}

net::lookup_result not_found(failure code)
{
    net::lookup_result r;
    r.code = code;
    r.detail = "scripted";
    return r;
}

/// Name servers under the test's control: a held name does not answer until it is let go. Shared
/// with the workers.
class script {
public:
    net::lookup_result operator()(const std::string& name)
    {
        std::unique_lock lock(mutex_);
        ++asked_[name];
        changed_.notify_all();
        changed_.wait(lock, [&] { return !held_.contains(name) && !all_held_; });
        if (name.starts_with("throws"))
            throw std::runtime_error("thrown by the lookup");
        const auto known = answers_.find(name);
        return known == answers_.end() ? found("192.0.2.1") : known->second;
    }

    void hold(const std::string& name)
    {
        change([&] { held_.insert(name); });
    }
    void hold_all()
    {
        change([&] { all_held_ = true; });
    }
    void let_go()
    {
        change([&] { held_.clear(), all_held_ = false; });
    }
    void answer(const std::string& name, net::lookup_result r)
    {
        change([&] { answers_[name] = std::move(r); });
    }

    int asked(const std::string& name)
    {
        const std::lock_guard lock(mutex_);
        return asked_[name];
    }
    void wait_until_asked(const std::string& name)
    {
        std::unique_lock lock(mutex_);
        BOOST_TEST_REQUIRE(changed_.wait_for(lock, 20s, [&] { return asked_[name] > 0; }));
    }

private:
    template <class Change>
    void change(Change apply)
    {
        const std::lock_guard lock(mutex_);
        apply();
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> held_;
    bool all_held_ = false;
    std::map<std::string, net::lookup_result> answers_;
    std::map<std::string, int> asked_;
};

struct fixture {
    std::shared_ptr<script> servers = std::make_shared<script>();
    std::shared_ptr<io::clock::time_point> now = std::make_shared<io::clock::time_point>();
    net::resolver_settings settings;
    std::optional<net::resolver> resolver;
    std::optional<asio::io_context> context{1};

    fixture()
    {
        settings.lookup = [servers = servers](const std::string& name) { return (*servers)(name); };
        settings.now = [now = now] { return *now; };
        settings.deadline = 1h;
    }
    ~fixture() { servers->let_go(); }

    using answer = std::shared_ptr<std::optional<net::lookup_result>>;

    answer
    ask(const std::string& name,
        const std::string& principal = "alice",
        std::chrono::milliseconds limit = 1h)
    {
        if (!resolver)
            resolver.emplace(settings);
        auto got = std::make_shared<std::optional<net::lookup_result>>();
        asio::co_spawn(
            *context,
            resolver->resolve(name, principal, limit),
            [got](std::exception_ptr thrown, net::lookup_result r) {
                BOOST_TEST(!thrown);
                *got = std::move(r);
            }
        );
        context->restart();
        context->poll();
        return got;
    }

    net::lookup_result wait(const answer& of)
    {
        run_until(*context, [&] { return of->has_value(); });
        return **of;
    }

    template <class Condition>
    void wait_for_count(Condition holds)
    {
        run_until(*context, [&] { return holds(resolver->count()); });
    }
};

BOOST_FIXTURE_TEST_CASE(gives_the_addresses, fixture)
{
    const auto got = wait(ask("a.example"));
    BOOST_TEST((got.code == failure::none));
    BOOST_TEST_REQUIRE(got.addresses.size() == 1u);
    BOOST_TEST(got.addresses[0].to_string() == "192.0.2.1");
}

BOOST_FIXTURE_TEST_CASE(failures_keep_their_cause, fixture)
{
    servers->answer("none.example", not_found(failure::name_not_found));
    servers->answer("broken.example", not_found(failure::name_lookup_failed));
    BOOST_TEST((wait(ask("none.example")).code == failure::name_not_found));
    BOOST_TEST((wait(ask("broken.example")).code == failure::name_lookup_failed));
    const auto thrown = wait(ask("throws.example"));
    BOOST_TEST((thrown.code == failure::name_lookup_failed));
    BOOST_TEST(thrown.detail == "thrown by the lookup");
}

BOOST_FIXTURE_TEST_CASE(same_name_at_the_same_time_is_one_lookup, fixture)
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

BOOST_FIXTURE_TEST_CASE(answers_are_kept_for_their_time, fixture)
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

BOOST_FIXTURE_TEST_CASE(the_cache_is_bounded_and_drops_the_oldest, fixture)
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

BOOST_FIXTURE_TEST_CASE(names_that_hang_delay_no_other, fixture)
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

BOOST_FIXTURE_TEST_CASE(the_caller_has_its_own_deadline, fixture)
{
    servers->hold("hangs.example");
    const auto got = wait(ask("hangs.example", "alice", 1ms));
    BOOST_TEST((got.code == failure::name_lookup_failed));
    BOOST_TEST(got.detail == "the name servers did not answer within 1 ms");

    // The abandoned lookup is still counted, and its late answer is of use to the next caller.
    BOOST_TEST(resolver->count().waiting == 0u);
    servers->wait_until_asked("hangs.example");
    BOOST_TEST(resolver->count().running == 1u);
    servers->let_go();
    wait_for_count([](const auto& c) { return c.running == 0; });
    BOOST_TEST((wait(ask("hangs.example")).code == failure::none));
    BOOST_TEST(servers->asked("hangs.example") == 1);
}

BOOST_FIXTURE_TEST_CASE(the_shorter_deadline_counts, fixture)
{
    settings.deadline = 1ms;
    servers->hold("hangs.example");
    BOOST_TEST((wait(ask("hangs.example")).code == failure::name_lookup_failed));
}

BOOST_FIXTURE_TEST_CASE(one_principal_cannot_use_up_the_callers, fixture)
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

BOOST_FIXTURE_TEST_CASE(one_principal_cannot_use_up_the_workers, fixture)
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

BOOST_FIXTURE_TEST_CASE(the_queue_is_bounded, fixture)
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

BOOST_FIXTURE_TEST_CASE(a_queued_name_that_nobody_wants_is_not_asked_for, fixture)
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

BOOST_FIXTURE_TEST_CASE(spare_workers_leave, fixture)
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

BOOST_FIXTURE_TEST_CASE(destruction_waits_for_nothing_and_tells_the_callers, fixture)
{
    servers->hold("hangs.example");
    const auto got = ask("hangs.example");
    servers->wait_until_asked("hangs.example");
    resolver.reset();  // comes back
    BOOST_TEST((wait(got).code == failure::name_lookup_failed));
}

BOOST_FIXTURE_TEST_CASE(an_answer_for_a_context_that_is_gone_goes_nowhere, fixture)
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

BOOST_FIXTURE_TEST_CASE(cancellation_ends_the_wait, fixture)
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

BOOST_FIXTURE_TEST_CASE(special_names_never_reach_the_servers, fixture)
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
