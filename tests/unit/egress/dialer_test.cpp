#define BOOST_TEST_MODULE egress
#include <penstock/egress/dialer.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace asio = boost::asio;
namespace egress = penstock::egress;
namespace io = penstock::io;
namespace net = penstock::net;
namespace routing = penstock::routing;
using asio::ip::tcp;
using penstock::error_code;
using penstock::failure;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(dialling)

routing::policy policy_of(std::initializer_list<const char*> rules)
{
    routing::rule_list list;
    for (const char* text : rules)
        list.add(routing::parse_rule(text, routing::side::server));
    return routing::policy(list);
}

/// Look-ups that hang until let go. Shared with the resolver's threads.
struct gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;

    void pass()
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return open; });
    }
    void let_go()
    {
        const std::lock_guard lock(mutex);
        open = true;
        changed.notify_all();
    }
};

/// Names and connections under the test's control; `network` off means real sockets on loopback.
struct fixture {
    asio::io_context context{1};
    std::shared_ptr<gate> hanging = std::make_shared<gate>();
    std::map<std::string, std::vector<const char*>> names;
    std::vector<std::string> dialled;
    egress::settings settings;
    std::optional<net::resolver> resolver;
    std::optional<egress::dialer> dialer;
    std::optional<egress::dial_outcome> outcome;
    asio::cancellation_signal stop;

    ~fixture() { hanging->let_go(); }

    /// Notes every connection that would be made, and refuses it: nothing leaves the machine.
    void without_network()
    {
        settings.connect.connect =
            [this](tcp::socket&, const tcp::endpoint& to, std::function<void(error_code)> done) {
                dialled.push_back(to.address().to_string());
                asio::post(context, [done] { done(asio::error::connection_refused); });
            };
    }

    void build()
    {
        settings.resolver.lookup = [known = names, hanging = hanging](const std::string& name) {
            net::lookup_result r;
            if (name == "hangs.example")
                hanging->pass();
            const auto found = known.find(name);
            if (found == known.end()) {
                r.code = failure::name_not_found;
                r.detail = "the name does not exist";
                return r;
            }
            r.code = failure::none;
            for (const char* address : found->second)
                r.addresses.push_back(asio::ip::make_address(address));
            return r;
        };
        resolver.emplace(settings.resolver);
        dialer.emplace(*resolver, settings);
    }

    void start(
        const std::string& target,
        const std::string& principal = "",
        std::chrono::milliseconds timeout = {}
    )
    {
        if (!dialer)
            build();
        outcome.reset();
        asio::co_spawn(
            context,
            dialer->dial(penstock::parse_target(target).value(), principal, timeout),
            asio::bind_cancellation_slot(
                stop.slot(),
                [this](std::exception_ptr thrown, egress::dial_outcome o) {
                    BOOST_TEST(!thrown);
                    outcome = std::move(o);
                }
            )
        );
    }

    void run_to_the_end()
    {
        const auto give_up = io::clock::now() + 20s;
        while (!outcome) {
            BOOST_TEST_REQUIRE((io::clock::now() < give_up));
            context.restart();
            context.run_one_for(20ms);
        }
    }

    failure dial(
        const std::string& target,
        const std::string& principal = "",
        std::chrono::milliseconds timeout = {}
    )
    {
        start(target, principal, timeout);
        run_to_the_end();
        BOOST_TEST(outcome->socket.has_value() == (outcome->code == failure::none));
        BOOST_TEST(outcome->detail.empty() == (outcome->code == failure::none));
        return outcome->code;
    }
};

std::string text_of(const tcp::endpoint& endpoint)
{
    const auto address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]:" : address + ":") +
           std::to_string(endpoint.port());
}

BOOST_FIXTURE_TEST_CASE(connects_where_a_rule_allows, fixture)
{
    settings.policy = policy_of({"127.0.0.0/8,[::1] allow"});
    for (const char* address : {"127.0.0.1", "::1"}) {
        tcp::acceptor target(context, tcp::endpoint(asio::ip::make_address(address), 0));
        BOOST_TEST((dial(text_of(target.local_endpoint())) == failure::none));
        tcp::socket accepted = target.accept();
        BOOST_TEST(outcome->local == accepted.remote_endpoint());
        BOOST_TEST(outcome->remote == target.local_endpoint());
        tcp::no_delay no_delay;
        outcome->socket->get_option(no_delay);
        BOOST_TEST(no_delay.value());
    }
}

BOOST_FIXTURE_TEST_CASE(a_name_is_resolved_and_connected, fixture)
{
    settings.policy = policy_of({"127.0.0.0/8 allow"});
    names = {{"here.example", {"127.0.0.1"}}};
    tcp::acceptor target(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    BOOST_TEST(
        (dial("here.example:" + std::to_string(target.local_endpoint().port())) == failure::none)
    );
    BOOST_TEST(outcome->remote == target.local_endpoint());
}

BOOST_FIXTURE_TEST_CASE(a_closed_port_is_refused_by_name, fixture)
{
    settings.policy = policy_of({"127.0.0.0/8 allow"});
    std::optional<tcp::acceptor> closed(
        std::in_place, context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)
    );
    const auto nobody = text_of(closed->local_endpoint());
    closed.reset();
    BOOST_TEST((dial(nobody) == failure::connection_refused));
    BOOST_TEST(outcome->detail.find(nobody) != std::string::npos);
    BOOST_TEST(outcome->detail.find("Connection refused") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(what_is_denied_is_not_dialled, fixture)
{
    without_network();
    settings.policy = policy_of({"192.0.2.0/24 deny", "* allow"});
    BOOST_TEST((dial("192.0.2.1:80") == failure::denied));
    BOOST_TEST(outcome->detail.find("192.0.2.1 is denied") != std::string::npos);
    BOOST_TEST(outcome->detail.find("192.0.2.0/24 deny") != std::string::npos);
    BOOST_TEST(dialled.empty());
    BOOST_TEST((dial("198.51.100.1:80") == failure::connection_refused));
    BOOST_TEST(dialled.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(loopback_is_guarded_by_every_way_to_it, fixture)
{
    without_network();
    names = {{"rebinds.example", {"127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254"}}};
    settings.policy = policy_of({"* allow", "rebinds.example allow", "localhost allow"});
    for (const char* target :
         {"127.0.0.1:22",
          "[::1]:22",
          "[::ffff:127.0.0.1]:22",
          "0.0.0.0:22",
          "localhost:22",
          "rebinds.example:22"})
        BOOST_TEST((dial(target) == failure::denied), target << " is not denied");
    BOOST_TEST(dialled.empty());
}

BOOST_FIXTURE_TEST_CASE(every_resolved_address_is_judged_by_itself, fixture)
{
    without_network();
    names = {{"mixed.example", {"192.0.2.1", "127.0.0.1", "198.51.100.1"}}};
    settings.policy = policy_of({"198.51.100.0/24 deny"});
    dial("mixed.example:80");
    const std::vector<std::string> expected{"192.0.2.1"};
    BOOST_TEST(dialled == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_mapped_address_is_dialled_in_the_form_that_was_judged, fixture)
{
    without_network();
    dial("[::ffff:192.0.2.1]:80");
    const std::vector<std::string> expected{"192.0.2.1"};
    BOOST_TEST(dialled == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(rules_know_the_principal, fixture)
{
    without_network();
    settings.policy = policy_of({"192.0.2.0/24 allow for alice"});
    BOOST_TEST((dial("192.0.2.1:80", "alice") == failure::connection_refused));
    BOOST_TEST((dial("192.0.2.1:80", "bob") == failure::denied));
    BOOST_TEST((dial("192.0.2.1:80") == failure::denied));
}

BOOST_FIXTURE_TEST_CASE(a_new_policy_counts_from_the_next_dial, fixture)
{
    without_network();
    BOOST_TEST((dial("192.0.2.1:80") == failure::connection_refused));
    dialer->set_policy(policy_of({"192.0.2.1 deny"}));
    BOOST_TEST((dial("192.0.2.1:80") == failure::denied));
}

BOOST_FIXTURE_TEST_CASE(an_unknown_name_is_told_as_such, fixture)
{
    without_network();
    BOOST_TEST((dial("missing.example:80") == failure::name_not_found));
    BOOST_TEST(outcome->detail == "missing.example:80: the name does not exist");
}

BOOST_FIXTURE_TEST_CASE(name_servers_that_do_not_answer_end_at_the_callers_time, fixture)
{
    without_network();
    BOOST_TEST((dial("hangs.example:80", "", 1ms) == failure::name_lookup_failed));
    BOOST_TEST(dialled.empty());
}

BOOST_FIXTURE_TEST_CASE(the_longest_time_is_the_settings, fixture)
{
    settings.dial_timeout_max = 1ms;
    BOOST_TEST((dial("hangs.example:80", "", 1h) == failure::name_lookup_failed));
}

BOOST_FIXTURE_TEST_CASE(the_default_time_is_the_settings, fixture)
{
    settings.dial_timeout = 1ms;
    BOOST_TEST((dial("hangs.example:80") == failure::name_lookup_failed));
}

BOOST_FIXTURE_TEST_CASE(a_target_that_does_not_answer_is_a_time_out, fixture)
{
    settings.connect.connect =
        [](tcp::socket& socket, const tcp::endpoint& to, std::function<void(error_code)>) {
            socket.open(to.protocol());  // and that is all that ever happens
        };
    BOOST_TEST((dial("192.0.2.1:80", "", 1ms) == failure::dial_timeout));
    BOOST_TEST(outcome->detail.find("192.0.2.1:80") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(cancellation_ends_a_dial_that_waits_for_its_name, fixture)
{
    without_network();
    start("hangs.example:80");
    context.poll();
    stop.emit(asio::cancellation_type::terminal);
    run_to_the_end();
    BOOST_TEST((outcome->code != failure::none));
    BOOST_TEST(dialled.empty());
}

BOOST_AUTO_TEST_SUITE_END()
