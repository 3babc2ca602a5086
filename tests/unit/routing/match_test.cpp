#include <penstock/routing/rule_list.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace {

namespace routing = penstock::routing;
namespace data = boost::unit_test::data;
using routing::side;

struct row {
    std::string_view pattern;
    std::string_view target;
    bool expected;

    friend std::ostream& operator<<(std::ostream& os, const row& r)
    {
        return os << r.pattern << " on " << r.target;
    }
};

const row rows[] = {
    {"*", "example.org:80", true},
    {"*", "[::1]:80", true},
    {"example.org", "example.org:80", true},
    {"example.org", "EXAMPLE.org.:80", true},
    {"Example.Org.", "example.org:80", true},
    {"example.org", "www.example.org:80", false},
    {"example.org", "xexample.org:80", false},
    {".example.org", "example.org:80", true},
    {".example.org", "www.example.org:80", true},
    {".example.org", "a.b.example.org:80", true},
    {".example.org", "xexample.org:80", false},
    {".example.org", "example.org.evil:80", false},
    {".example.org", "org:80", false},
    {"192.0.2.1", "192.0.2.1:80", true},
    {"192.0.2.1", "192.0.2.2:80", false},
    {"192.0.2.1", "[::ffff:192.0.2.1]:80", true},
    {"::ffff:192.0.2.1", "192.0.2.1:80", true},
    {"10.0.0.0/8", "10.255.0.1:80", true},
    {"10.0.0.0/8", "11.0.0.1:80", false},
    {"10.0.0.0/8", "[::ffff:a00:1]:80", true},
    {"10.128.0.0/9", "10.127.255.255:80", false},
    {"10.128.0.0/9", "10.128.0.0:80", true},
    {"0.0.0.0/0", "203.0.113.9:80", true},
    {"0.0.0.0/0", "[2001:db8::1]:80", false},
    {"::/0", "[2001:db8::1]:80", true},
    {"::/0", "203.0.113.9:80", false},
    {"2001:db8::/33", "[2001:db8:7fff::1]:80", true},
    {"2001:db8::/33", "[2001:db8:8000::1]:80", false},
    {"0.0.0.0/0", "example.org:80", false},
    {"example.org", "192.0.2.1:80", false},
    {"example.org:443", "example.org:443", true},
    {"example.org:443", "example.org:80", false},
    {"*:8000-8100", "example.org:7999", false},
    {"*:8000-8100", "example.org:8000", true},
    {"*:8000-8100", "example.org:8100", true},
    {"*:8000-8100", "example.org:8101", false},
    {"*:22,443,8000-8100", "example.org:443", true},
    {"*:1-65535", "example.org:65535", true},
    {"a.example,.b.example", "c.b.example:80", true},
    {"a.example,.b.example:443", "a.example:80", false},  // the ports are the whole rule's
    {"[2001:db8::/32]:443", "[2001:db8::1]:443", true},
    {"[2001:db8::/32]:443", "[2001:db8::1]:80", false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(matching)

BOOST_DATA_TEST_CASE(patterns_match_targets, data::make(rows), sample)
{
    routing::rule_list list;
    list.add(routing::parse_rule(std::string(sample.pattern) + " direct", side::gateway));
    const auto target = penstock::parse_target(sample.target);
    BOOST_TEST_REQUIRE(target.has_value());

    BOOST_TEST((list.first_match(target->host, target->port, "") != nullptr) == sample.expected);
}

BOOST_AUTO_TEST_CASE(the_first_match_wins)
{
    const auto list = routing::rule_list::parse_file(
        "a.corp.example block\n.corp.example tunnel\n.corp.example direct\n", side::gateway
    );
    const auto action_for = [&list](const char* name) {
        const auto* const hit = list.first_match(std::string(name), 443, "");
        return hit == nullptr ? "none" : to_string(hit->act);
    };
    BOOST_TEST(action_for("a.corp.example") == "block");
    BOOST_TEST(action_for("b.corp.example") == "tunnel");
    BOOST_TEST(action_for("example") == "none");
}

BOOST_AUTO_TEST_CASE(a_rule_for_somebody_matches_nobody_else)
{
    const auto list =
        routing::rule_list::parse_file("* direct for alice\n* block\n", side::gateway);
    const penstock::host host = std::string("example.org");
    BOOST_TEST((list.first_match(host, 80, "alice")->act == routing::action::direct));
    BOOST_TEST((list.first_match(host, 80, "Alice")->act == routing::action::block));
    BOOST_TEST((list.first_match(host, 80, "")->act == routing::action::block));
}

BOOST_AUTO_TEST_CASE(lists_are_joined_in_order)
{
    auto list = routing::rule_list::parse_file("a tunnel\n", side::gateway);
    list.append(routing::rule_list::parse_file("b block\nc direct\n", side::gateway));
    BOOST_TEST_REQUIRE(list.rules().size() == 3U);
    BOOST_TEST(list.rules()[2].text == "c direct");
    BOOST_TEST(routing::rule_list{}.empty());
    BOOST_TEST(routing::rule_list{}.first_match(std::string("a"), 80, "") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
