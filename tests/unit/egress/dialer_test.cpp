#define BOOST_TEST_MODULE egress
#include "dialer_fixture.hpp"

using namespace support;

BOOST_AUTO_TEST_SUITE(dialling)

BOOST_FIXTURE_TEST_CASE(connects_where_a_rule_allows, dialer_fixture)
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

BOOST_FIXTURE_TEST_CASE(a_name_is_resolved_and_connected, dialer_fixture)
{
    settings.policy = policy_of({"127.0.0.0/8 allow"});
    names = {{"here.example", {"127.0.0.1"}}};
    tcp::acceptor target(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    BOOST_TEST(
        (dial("here.example:" + std::to_string(target.local_endpoint().port())) == failure::none)
    );
    BOOST_TEST(outcome->remote == target.local_endpoint());
}

BOOST_FIXTURE_TEST_CASE(a_closed_port_is_refused_by_name, dialer_fixture)
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

BOOST_FIXTURE_TEST_CASE(what_is_denied_is_not_dialled, dialer_fixture)
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

BOOST_FIXTURE_TEST_CASE(loopback_is_guarded_by_every_way_to_it, dialer_fixture)
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

BOOST_FIXTURE_TEST_CASE(every_resolved_address_is_judged_by_itself, dialer_fixture)
{
    without_network();
    names = {{"mixed.example", {"192.0.2.1", "127.0.0.1", "198.51.100.1"}}};
    settings.policy = policy_of({"198.51.100.0/24 deny"});
    dial("mixed.example:80");
    const std::vector<std::string> expected{"192.0.2.1"};
    BOOST_TEST(dialled == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_mapped_address_is_dialled_in_the_form_that_was_judged, dialer_fixture)
{
    without_network();
    dial("[::ffff:192.0.2.1]:80");
    const std::vector<std::string> expected{"192.0.2.1"};
    BOOST_TEST(dialled == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(rules_know_the_principal, dialer_fixture)
{
    without_network();
    settings.policy = policy_of({"192.0.2.0/24 allow for alice"});
    BOOST_TEST((dial("192.0.2.1:80", "alice") == failure::connection_refused));
    BOOST_TEST((dial("192.0.2.1:80", "bob") == failure::denied));
    BOOST_TEST((dial("192.0.2.1:80") == failure::denied));
}

BOOST_FIXTURE_TEST_CASE(a_new_policy_counts_from_the_next_dial, dialer_fixture)
{
    without_network();
    BOOST_TEST((dial("192.0.2.1:80") == failure::connection_refused));
    dialer->set_policy(policy_of({"192.0.2.1 deny"}));
    BOOST_TEST((dial("192.0.2.1:80") == failure::denied));
}

BOOST_FIXTURE_TEST_CASE(an_unknown_name_is_told_as_such, dialer_fixture)
{
    without_network();
    BOOST_TEST((dial("missing.example:80") == failure::name_not_found));
    BOOST_TEST(outcome->detail == "missing.example:80: the name does not exist");
}

BOOST_FIXTURE_TEST_CASE(name_servers_that_do_not_answer_end_at_the_callers_time, dialer_fixture)
{
    without_network();
    BOOST_TEST((dial("hangs.example:80", "", 1ms) == failure::name_lookup_failed));
    BOOST_TEST(dialled.empty());
}

BOOST_FIXTURE_TEST_CASE(the_longest_time_is_the_settings, dialer_fixture)
{
    settings.dial_timeout_max = 1ms;
    BOOST_TEST((dial("hangs.example:80", "", 1h) == failure::name_lookup_failed));
}

BOOST_FIXTURE_TEST_CASE(the_default_time_is_the_settings, dialer_fixture)
{
    settings.dial_timeout = 1ms;
    BOOST_TEST((dial("hangs.example:80") == failure::name_lookup_failed));
}

BOOST_FIXTURE_TEST_CASE(a_target_that_does_not_answer_is_a_time_out, dialer_fixture)
{
    settings.connect.connect =
        [](tcp::socket& socket, const tcp::endpoint& to, std::function<void(error_code)>) {
            socket.open(to.protocol());  // and that is all that ever happens
        };
    BOOST_TEST((dial("192.0.2.1:80", "", 1ms) == failure::dial_timeout));
    BOOST_TEST(outcome->detail.find("192.0.2.1:80") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(cancellation_ends_a_dial_that_waits_for_its_name, dialer_fixture)
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
