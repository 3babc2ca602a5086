#define BOOST_TEST_MODULE routing
#include <penstock/routing/rule_list.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>

namespace {

namespace routing = penstock::routing;
namespace data = boost::unit_test::data;
using routing::side;

std::string error_of(std::string_view text, side allowed)
{
    try {
        static_cast<void>(routing::parse_rule(text, allowed));
    } catch (const routing::rule_error& e) {
        return e.what();
    }
    return "accepted";
}

routing::network_pattern network(const char* address, unsigned bits)
{
    return {boost::asio::ip::make_address(address), static_cast<std::uint8_t>(bits)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(parse_rule)

BOOST_AUTO_TEST_CASE(all_parts_are_read)
{
    const auto r = routing::parse_rule(
        "  .Corp.Example,www.Example.,10.0.0.0/8,192.0.2.1,[2001:db8::/32],*:22,443,8000-8100 \t "
        "allow  for  Alice Smith ",
        side::server
    );
    BOOST_TEST_REQUIRE(r.patterns.size() == 6U);
    BOOST_TEST((r.patterns[0] == routing::pattern(routing::name_pattern{"corp.example", true})));
    BOOST_TEST((r.patterns[1] == routing::pattern(routing::name_pattern{"www.example", false})));
    BOOST_TEST((r.patterns[2] == routing::pattern(network("10.0.0.0", 8))));
    BOOST_TEST((r.patterns[3] == routing::pattern(network("192.0.2.1", 32))));
    BOOST_TEST((r.patterns[4] == routing::pattern(network("2001:db8::", 32))));
    BOOST_TEST((r.patterns[5] == routing::pattern(routing::any_pattern{})));
    BOOST_TEST_REQUIRE(r.ports.size() == 3U);
    BOOST_TEST((r.ports[0] == routing::port_range{22, 22}));
    BOOST_TEST((r.ports[1] == routing::port_range{443, 443}));
    BOOST_TEST((r.ports[2] == routing::port_range{8000, 8100}));
    BOOST_TEST((r.act == routing::action::allow));
    BOOST_TEST(r.identity == "Alice Smith");
    BOOST_TEST(r.text.ends_with(":22,443,8000-8100 allow for Alice Smith"), r.text);
}

struct v6_form {
    std::string_view text;
    const char* address;
    unsigned bits;
    bool has_port;

    friend std::ostream& operator<<(std::ostream& os, const v6_form& f) { return os << f.text; }
};

const v6_form v6_forms[] = {
    {"::1", "::1", 128, false},
    {"::/0", "::", 0, false},
    {"2001:db8::/32", "2001:db8::", 32, false},
    {"fd00::443", "fd00::443", 128, false},
    {"[::1]", "::1", 128, false},
    {"[::1]:443", "::1", 128, true},
    {"[2001:db8::/32]:443", "2001:db8::", 32, true},
    {"[2001:db8::]/32", "2001:db8::", 32, false},
    {"[2001:db8::]/32:443", "2001:db8::", 32, true},
    {"::ffff:192.0.2.1", "192.0.2.1", 32, false},
    {"::ffff:10.0.0.0/104", "10.0.0.0", 8, false},
};

BOOST_DATA_TEST_CASE(ipv6_is_read_with_and_without_brackets, data::make(v6_forms), sample)
{
    const auto r = routing::parse_rule(std::string(sample.text) + " deny", side::server);
    BOOST_TEST_REQUIRE(r.patterns.size() == 1U);
    BOOST_TEST((r.patterns[0] == routing::pattern(network(sample.address, sample.bits))));
    BOOST_TEST(r.ports.empty() != sample.has_port);
    BOOST_TEST(r.matches_port(443));
    BOOST_TEST(r.matches_port(444) != sample.has_port);
}

BOOST_AUTO_TEST_CASE(each_side_has_its_actions)
{
    for (const auto* const word : {"tunnel", "direct", "block"}) {
        BOOST_TEST(
            to_string(routing::parse_rule(std::string("* ") + word, side::gateway).act) == word
        );
        BOOST_TEST(error_of(std::string("* ") + word, side::server).find("unknown action") == 0U);
    }
    for (const auto* const word : {"allow", "deny"}) {
        BOOST_TEST(
            to_string(routing::parse_rule(std::string("* ") + word, side::server).act) == word
        );
        BOOST_TEST(error_of(std::string("* ") + word, side::gateway).find("unknown action") == 0U);
    }
}

struct malformed {
    std::string_view text;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const malformed& m) { return os << m.text; }
};

const malformed malformed_rules[] = {
    {"", "the rule is empty"},
    {"   ", "the rule is empty"},
    {"*", "the action is missing"},
    {"* alow", "unknown action 'alow' (did you mean 'allow'? known: allow, deny)"},
    {"* dney", "did you mean 'deny'"},
    {"* permit", "unknown action 'permit' (one of: allow, deny)"},
    {"* Allow", "unknown action 'Allow' (did you mean 'allow'?"},
    {"* allow bob", "unexpected 'bob' behind the action"},
    {"* allow for", "the identity is missing behind 'for'"},
    {", allow", "a pattern is empty"},
    {"a,,b allow", "a pattern is empty"},
    {"a, allow", "'a,' ends in a comma"},
    {"a:22, allow", "ends in a comma"},
    {":443 allow", "a pattern is empty"},
    {"*.example allow", "write '.example'"},
    {". allow", "'.' is no name"},
    {"..example allow", "'..example' is no name"},
    {"exa_mple!.org allow", "is no name, .suffix, address or network"},
    {"10.0.0 allow", "'10.0.0' is no name"},
    {"443 allow", "'443' is no name"},
    {"a:0 allow", "'0' is no port"},
    {"a:65536 allow", "'65536' is no port"},
    {"a:http allow", "'http' is no port"},
    {"a: allow", "'' is no port"},
    {"a:1-2-3 allow", "'1-2-3' is no port"},
    {"a:1- allow", "'1-' is no port"},
    {"a:9-8 allow", "'9-8' ends before it begins"},
    {"a:22,b allow", "'b' is no port"},
    {"10.0.0.0/33 allow", "prefix must be in 0..32"},
    {"10.0.0.0/ allow", "prefix must be in 0..32"},
    {"10.0.0.0/8x allow", "prefix must be in 0..32"},
    {"10.1.2.3/8 allow", "did you mean 10.0.0.0/8?"},
    {"[2001:db8::1]/32 allow", "did you mean 2001:db8::/32?"},
    {"2001:db8::/129 allow", "prefix must be in 0..128"},
    {"example.org/24 allow", "is no address or network"},
    {"[::1 allow", "no closing bracket"},
    {"[::1]:22:33 allow", "behind the bracket"},
    {"[::1]22 allow", "behind the bracket"},
    {"[fe80::1%eth0] allow", "is no address or network"},
    {"::1:: allow", "is no address or network"},
};

BOOST_DATA_TEST_CASE(malformed_rules_name_the_word, data::make(malformed_rules), sample)
{
    const auto text = error_of(sample.text, side::server);
    BOOST_TEST(text.find(sample.expected) != std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rules_file)

BOOST_AUTO_TEST_CASE(comments_and_blank_lines_are_passed_over)
{
    const auto list = routing::rule_list::parse_file(
        "# first\n\n  .corp.example allow\r\n\t# more\n* deny", side::server
    );
    BOOST_TEST_REQUIRE(list.rules().size() == 2U);
    BOOST_TEST(list.rules()[0].text == ".corp.example allow");
    BOOST_TEST(list.rules()[1].text == "* deny");
}

BOOST_AUTO_TEST_CASE(a_wrong_line_is_named_by_number)
{
    const auto parse = [] {
        static_cast<void>(routing::rule_list::parse_file("* deny\n#\n* alow\n", side::server));
    };
    BOOST_CHECK_EXCEPTION(parse(), routing::rule_error, [](const routing::rule_error& e) {
        return std::string_view(e.what()).starts_with("line 3: unknown action 'alow'");
    });
}

BOOST_AUTO_TEST_SUITE_END()
