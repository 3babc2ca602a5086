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
    {{"--upstream-proxies", "x"},
     "unknown option: --upstream-proxies (did you mean --upstream-proxy?)"},
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
