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

std::string arguments_error(role r, std::vector<std::string> arguments)
{
    return error_of([&] { static_cast<void>(config::read_arguments(r, arguments)); });
}

std::string file_error(role r, std::string_view text)
{
    return error_of([&] { static_cast<void>(config::read_file_section(r, "a.conf", text)); });
}

std::string environment_of(role r, const std::vector<std::string>& entries)
{
    std::vector<std::string> warnings;
    return shown(config::read_environment(r, entries, warnings));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(arguments)

BOOST_AUTO_TEST_CASE(order_is_kept_and_both_spellings_are_read)
{
    const auto read = config::read_arguments(
        role::server,
        {"--deny", "10.0.0.0/8", "--allow=*", "--plain", "--deny", "::/0", "--config=x.conf"}
    );
    BOOST_TEST(shown(read) == "deny=10.0.0.0/8 | allow=* | plain=true | deny=::/0 | config=x.conf");
}

BOOST_AUTO_TEST_CASE(a_switch_may_say_what_it_is_switched_to)
{
    BOOST_TEST(shown(config::read_arguments(role::server, {"--plain=false"})) == "plain=false");
    BOOST_TEST(
        shown(config::read_arguments(role::server, {"--plain", "--path", "/x"})) ==
        "plain=true | path=/x"
    );
}

struct wrong_arguments {
    std::vector<std::string> words;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const wrong_arguments& w)
    {
        return os << w.expected;
    }
};

const wrong_arguments wrong[] = {
    {{"--lanse", "2"}, "unknown option: --lanse (did you mean --lanes?)"},
    {{"--lanse=2"}, "unknown option: --lanse (did you mean --lanes?)"},
    {{"--client-ca", "x"}, "unknown option: --client-ca (see: penstock help gateway)"},
    {{"--lane", "2"}, "unknown option: --lane (did you mean --lanes?)"},  // no abbreviations
    {{"--upstream-proxy", "x"}, "unknown option: --upstream-proxy"},
    {{"--token", "pst_x"}, "unknown option: --token (other users see arguments"},
    {{"-x"}, "unexpected argument '-x'"},
    {{"stray"}, "unexpected argument 'stray'"},
    {{"--lanes", "2", "stray"}, "unexpected argument 'stray'"},
    {{"--", "--lanes"}, "unexpected argument"},
    {{"--lanes"}, "lanes: needs a value"},
    {{"--lanes="}, "lanes: needs a value"},
};

BOOST_DATA_TEST_CASE(wrong_ones_are_named, data::make(wrong), sample)
{
    const auto text = arguments_error(role::gateway, sample.words);
    BOOST_TEST(text.starts_with(sample.expected), text);
    BOOST_TEST(text.find("pst_") == std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(file)

constexpr std::string_view both = "# comment\n"
                                  "\n"
                                  "[gateway]\r\n"
                                  "listen = 127.0.0.1:1080   # not this\n"
                                  "listen=[::1]:1080\n"
                                  "insecure-skip-verify\n"
                                  "  [ server ]  # the other\n"
                                  "allow = a#b:22\n"
                                  "deny = *\n"
                                  "[gateway]\n"
                                  "lanes = 2";

BOOST_AUTO_TEST_CASE(each_role_reads_its_sections)
{
    BOOST_TEST(
        shown(config::read_file_section(role::gateway, "a.conf", both)) ==
        "listen=127.0.0.1:1080 | listen=[::1]:1080 | insecure-skip-verify=true | lanes=2"
    );
    BOOST_TEST(
        shown(config::read_file_section(role::server, "a.conf", both)) == "allow=a#b:22 | deny=*"
    );
    BOOST_TEST(config::has_section(role::gateway, both));
    BOOST_TEST(config::has_section(role::server, both));
    BOOST_TEST(!config::has_section(role::server, "[gateway]\n#[server]\n"));
}

BOOST_AUTO_TEST_CASE(values_know_their_line_and_folder)
{
    const auto read = config::read_file_section(role::gateway, "/etc/penstock/a.conf", both);
    BOOST_TEST_REQUIRE(read.size() == 4U);
    BOOST_TEST(read[1].where == "/etc/penstock/a.conf:5");
    BOOST_TEST(read[3].where == "/etc/penstock/a.conf:11");
    BOOST_TEST(read[1].directory == "/etc/penstock");
}

struct wrong_file {
    std::string_view text;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const wrong_file& w)
    {
        return os << w.expected;
    }
};

const wrong_file wrong_files[] = {
    {"[gateway]\nlanse = 3\n",
     "a.conf:2: unknown option 'lanse' in [gateway] (did you mean 'lanes'?)"},
    {"[gatway]\n", "a.conf:1: unknown section [gatway] (did you mean 'gateway'?)"},
    {"[proxy]\n", "a.conf:1: unknown section [proxy] ([gateway] or [server])"},
    {"lanes = 3\n", "a.conf:1: 'lanes = 3' stands in front of the first section"},
    {"[gateway]\nlanes\n", "a.conf:2: 'lanes' has no value"},
    {"[gateway]\nlanes = # none\n", "a.conf:2: the value of 'lanes' is empty"},
    {"[gateway]\ntoken = pst_x\n", "a.conf:2: unknown option 'token'"},
    {"[gateway]\nconfig = b.conf\n", "a.conf:2: unknown option 'config'"},
    // The other role's section is not read, but what nobody knows is an error all the same.
    {"[gateway]\nlanes = 3\n[server]\nlanes = 3\n", "a.conf:4: unknown option 'lanes' in [server]"},
};

BOOST_DATA_TEST_CASE(wrong_ones_are_named_by_line, data::make(wrong_files), sample)
{
    const auto text = file_error(role::gateway, sample.text);
    BOOST_TEST(text.starts_with(sample.expected), text);
    BOOST_TEST(text.find("pst_") == std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()

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
