#include <penstock/config/given_values.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <ostream>

namespace {

namespace config = penstock::config;
namespace data = boost::unit_test::data;
using config::role;

/// "name=value name=value", as given.
std::string shown(const std::vector<config::given>& values)
{
    std::string text;
    for (const auto& g : values)
        text += (text.empty() ? "" : " | ") + g.name + "=" + g.value;
    return text;
}

std::string error_of(const std::function<void()>& act)
{
    try {
        act();
    } catch (const config::usage_error& e) {
        return e.what();
    }
    return "accepted";
}

std::string environment_of(role r, const std::vector<std::string>& entries)
{
    std::vector<std::string> warnings;
    return shown(config::read_environment(r, entries, warnings));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(environment)

BOOST_AUTO_TEST_CASE(names_are_upper_case_with_underscores)
{
    BOOST_TEST(
        environment_of(
            role::gateway,
            {"HOME=/root", "PENSTOCK_PING_INTERVAL=5s", "PENSTOCK_TOKEN=t", "PENSTOCK_CONFIG=c"}
        ) == "ping-interval=5s | token=t | config=c"
    );
    BOOST_TEST(environment_of(role::gateway, {"PENSTOCK_LANES=", "XPENSTOCK_LANES=1"}).empty());
}

struct list_row {
    std::string_view what;
    role reader;
    std::string entry;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const list_row& r) { return os << r.what; }
};

const list_row lists[] = {
    {"plain", role::gateway, "PENSTOCK_LISTEN=a:1, b:2,,c:3", "listen=a:1 | listen=b:2 | listen=c:3"
    },
    {"one value with a comma stays one", role::gateway, "PENSTOCK_CA=a,b", "ca=a,b"},
    {"patterns",
     role::server,
     "PENSTOCK_ALLOW=10.0.0.0/8,.corp.example",
     "allow=10.0.0.0/8 | allow=.corp.example"},
    {"patterns with ports",
     role::server,
     "PENSTOCK_ALLOW=a:22,443,8000-8100,[::1]:80",
     "allow=a:22,443,8000-8100 | allow=[::1]:80"},
    {"rules", role::gateway, "PENSTOCK_RULE=a direct,* tunnel", "rule=a direct | rule=* tunnel"},
    {"rules with lists",
     role::gateway,
     "PENSTOCK_RULE=a,b:22,443 direct, * block for eve",
     "rule=a,b:22,443 direct | rule=* block for eve"},
};

BOOST_DATA_TEST_CASE(commas_separate_whole_values, data::make(lists), sample)
{
    BOOST_TEST(environment_of(sample.reader, {sample.entry}) == sample.expected);
}

BOOST_AUTO_TEST_CASE(deny_comes_before_allow_since_there_is_no_order)
{
    BOOST_TEST(
        environment_of(role::server, {"PENSTOCK_ALLOW=*", "PENSTOCK_DENY=a,b"}) ==
        "deny=a | deny=b | allow=*"
    );
}

BOOST_AUTO_TEST_CASE(unknown_ones_only_warn)
{
    std::vector<std::string> warnings;
    const auto read = config::read_environment(
        role::gateway,
        {"PENSTOCK_PORT_1080_TCP=x", "PENSTOCK_CLIENT_CA=the-server-knows-it"},
        warnings
    );
    BOOST_TEST(read.empty());
    BOOST_TEST_REQUIRE(warnings.size() == 1U);
    BOOST_TEST(warnings[0].starts_with("PENSTOCK_PORT_1080_TCP is set"), warnings[0]);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(precedence)

BOOST_AUTO_TEST_CASE(a_repeatable_option_is_replaced_as_a_whole)
{
    config::given_values values;
    values.add_source({{"listen", "one", {}, {}}});
    values.add_source(
        {{"listen", "two", {}, {}}, {"listen", "three", {}, {}}, {"lanes", "2", {}, {}}}
    );
    BOOST_TEST(shown(values.all({"listen"})) == "listen=one");
    BOOST_TEST_REQUIRE(values.one("lanes") != nullptr);
    BOOST_TEST(values.one("lanes")->value == "2");
    BOOST_TEST(values.one("threads") == nullptr);
}

BOOST_AUTO_TEST_CASE(several_names_can_be_one_list)
{
    config::given_values values;
    values.add_source({{"allow", "a", {}, {}}});
    values.add_source({{"deny", "b", {}, {}}, {"allow", "c", {}, {}}});
    BOOST_TEST(shown(values.all({"allow", "deny"})) == "allow=a");
}

BOOST_AUTO_TEST_CASE(what_takes_one_value_is_not_given_twice)
{
    config::given_values values;
    values.add_source({{"lanes", "1", "a.conf:2", {}}, {"lanes", "2", "a.conf:3", {}}});
    const auto text = error_of([&] { static_cast<void>(values.one("lanes")); });
    BOOST_TEST(text == "lanes (a.conf:3): given twice (it takes one value)");
}

BOOST_AUTO_TEST_SUITE_END()
