#include <penstock/net/local_addresses.hpp>

#include <boost/test/data/test_case.hpp>

#include "workspace.hpp"

namespace {

namespace config = penstock::config;
namespace data = boost::unit_test::data;
namespace transport = penstock::transport;

struct proxy_options : workspace {
    config::configuration<penstock::gateway::settings> read(
        std::vector<std::string> environment,
        std::vector<std::string> arguments = {},
        const std::string& server = "wss://tunnel.example.com"
    ) const
    {
        arguments.insert(arguments.begin(), {"--server", server});
        return config::read_gateway({expand(std::move(arguments)), std::move(environment)});
    }

    static std::string proxy_of(const config::configuration<penstock::gateway::settings>& c)
    {
        const auto& dial = c.settings.dial;
        const auto* const proxy = transport::proxy_for(c.settings.servers.front(), dial);
        return proxy == nullptr ? "none" : transport::to_string(*proxy) + " by " + proxy->source;
    }
};

struct row {
    std::string_view what;
    std::vector<std::string> environment;
    std::vector<std::string> arguments;
    std::string_view expected;
    std::string server = "wss://tunnel.example.com";

    friend std::ostream& operator<<(std::ostream& os, const row& r) { return os << r.what; }
};

const row rows[] = {
    {"nothing", {}, {}, "none"},
    {"http_proxy is for http", {"http_proxy=http://p:1"}, {}, "none"},
    {"lower case", {"https_proxy=http://p:1"}, {}, "http://p:1 by https_proxy"},
    {"upper case", {"HTTPS_PROXY=http://p:1"}, {}, "http://p:1 by HTTPS_PROXY"},
    {"for all", {"ALL_PROXY=socks5://p:1"}, {}, "socks5://p:1 by ALL_PROXY"},
    {"order",
     {"ALL_PROXY=d", "all_proxy=c", "HTTPS_PROXY=b", "https_proxy=a"},
     {},
     "http://a:80 by https_proxy"},
    {"an empty one is none", {"https_proxy=", "all_proxy=http://p:1"}, {}, "http://p:1 by all_proxy"
    },
    {"the option beats the environment",
     {"https_proxy=http://p:1"},
     {"--upstream-proxy", "q:2"},
     "http://q:2 by --upstream-proxy"},
    {"the option switches the environment off",
     {"https_proxy=http://p:1"},
     {"--upstream-proxy", "none"},
     "none"},
    {"NO_PROXY", {"https_proxy=http://p:1", "NO_PROXY=x,.example.com"}, {}, "none"},
    {"no_proxy comes first",
     {"https_proxy=http://p:1", "NO_PROXY=.example.com", "no_proxy=x"},
     {},
     "http://p:1 by https_proxy"},
    {"NO_PROXY counts for the option too",
     {"NO_PROXY=*"},
     {"--upstream-proxy", "http://q:2"},
     "none"},
    {"no-proxy beats NO_PROXY",
     {"NO_PROXY=*"},
     {"--upstream-proxy", "http://q:2", "--no-proxy", "x,y", "--no-proxy", "z"},
     "http://q:2 by --upstream-proxy"},
    {"no-proxy", {"https_proxy=http://p:1"}, {"--no-proxy", "x,tunnel.example.com"}, "none"},
    {"no-proxy by the environment",
     {"https_proxy=http://p:1", "PENSTOCK_NO_PROXY=x,tunnel.example.com"},
     {},
     "none"},
    {"the environment is not meant for this machine",
     {"https_proxy=http://p:1"},
     {},
     "none",
     "wss://127.0.0.1"},
    {"the same by name", {"https_proxy=http://p:1"}, {}, "none", "wss://localhost"},
    {"the option is",
     {},
     {"--upstream-proxy", "http://p:1"},
     "http://p:1 by --upstream-proxy",
     "wss://127.0.0.1"},
    {"what is not needed is not complained of",
     {"https_proxy=https://p:1", "no_proxy=*"},
     {},
     "none"},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(upstream_proxy, proxy_options)

BOOST_DATA_TEST_CASE_F(
    proxy_options, the_proxy_is_found_where_it_is_named, data::make(rows), sample
)
{
    const auto c = read(sample.environment, sample.arguments, sample.server);
    BOOST_TEST(proxy_of(c) == sample.expected);
    BOOST_TEST(c.warnings.empty(), joined(c.warnings));
}

BOOST_AUTO_TEST_CASE(each_server_counts_by_itself)
{
    const auto c =
        read({"https_proxy=http://p:1", "no_proxy=10.0.0.0/8"}, {"--server", "wss://10.1.2.3"});
    const auto& s = c.settings;
    BOOST_TEST((transport::proxy_for(s.servers[0], s.dial) != nullptr));
    BOOST_TEST((transport::proxy_for(s.servers[1], s.dial) == nullptr));
}

BOOST_AUTO_TEST_CASE(login_comes_from_a_file_or_the_environment)
{
    const auto file = read({}, {"--upstream-proxy", "p:1", "--upstream-proxy-auth-file", "@login"});
    BOOST_TEST(file.settings.dial.proxy->login->user == "user");
    BOOST_TEST(file.settings.dial.proxy->login->password == "geheim");

    const auto variable =
        read({"PENSTOCK_UPSTREAM_PROXY=p:1", "PENSTOCK_UPSTREAM_PROXY_AUTH=bob:a b"});
    BOOST_TEST(variable.settings.dial.proxy->login->password == "a b");
    BOOST_TEST(variable.settings.dial.proxy->login->source == "PENSTOCK_UPSTREAM_PROXY_AUTH");

    const auto url = read({"https_proxy=http://bob:a%20b@p:1"});
    BOOST_TEST(url.settings.dial.proxy->login->password == "a b");
    BOOST_TEST(transport::to_string(*url.settings.dial.proxy) == "http://p:1");

    const auto both =
        read({"https_proxy=http://bob:x@p:1"}, {"--upstream-proxy-auth-file", "@login"});
    BOOST_TEST(both.settings.dial.proxy->login->user == "user");
}

BOOST_AUTO_TEST_CASE(file_that_others_can_read_is_warned_of)
{
    std::filesystem::permissions(folder / "login", std::filesystem::perms(0644));
    const auto c = read({}, {"--upstream-proxy", "p:1", "--upstream-proxy-auth-file", "@login"});
    const auto text = joined(c.warnings);
    BOOST_TEST(text.starts_with("upstream-proxy-auth-file: others can read"), text);
}

BOOST_AUTO_TEST_CASE(environment_that_leads_back_to_us_is_passed_over)
{
    for (const std::string proxy :
         {"http://127.0.0.1:1080", "http://localhost:1080", "socks5://[::ffff:127.0.0.1]:1080"}) {
        const auto c = read({"https_proxy=" + proxy});
        BOOST_TEST(proxy_of(c) == "none");
        BOOST_TEST(joined(c.warnings).find("is this gateway itself") != std::string::npos);
    }
    BOOST_TEST(
        proxy_of(read({"https_proxy=http://127.0.0.1:3128"})) ==
        "http://127.0.0.1:3128 by https_proxy"
    );
}

BOOST_AUTO_TEST_CASE(each_way_back_to_us_is_known)
{
    const auto leads_back = [&](const std::string& listen, const std::string& proxy) {
        return proxy_of(read(
                   {"https_proxy=http://" + proxy + ":1080"},
                   {"--listen", listen + ":1080", "--users-file", "@users"}
               )) == "none";
    };
    BOOST_TEST(leads_back("[::1]", "localhost"));
    BOOST_TEST(leads_back("0.0.0.0", "localhost"));
    BOOST_TEST(leads_back("[::]", "localhost"));
    BOOST_TEST(!leads_back("127.0.0.2", "localhost"));
    BOOST_TEST(!leads_back("0.0.0.0", "[::1]"));
    BOOST_TEST(!leads_back("0.0.0.0", "198.51.100.77"));  // RFC 5737: nobody's
    for (const auto& address : penstock::net::local_addresses()) {
        if (address.is_v4())
            BOOST_TEST(leads_back("0.0.0.0", address.to_string()), address.to_string());
    }
}

BOOST_AUTO_TEST_CASE(what_is_wrong_in_the_environment_is_told_without_its_password)
{
    const auto text =
        usage_error_of([&] { static_cast<void>(read({"https_proxy=https://bob:geheim@p:1"})); });
    BOOST_TEST(
        text.starts_with("upstream-proxy (https_proxy): a proxy that is itself reached by TLS"),
        text
    );
    BOOST_TEST(text.ends_with("(or go without it: --upstream-proxy none)"), text);
    BOOST_TEST(text.find("geheim") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(login_in_the_option_is_refused_even_where_no_server_needs_the_proxy)
{
    const std::string proxy = "http://bob:geheim@p:1";
    const auto text = usage_error_of([&] {
        static_cast<void>(read({}, {"--upstream-proxy", proxy, "--no-proxy", "*"}));
    });
    BOOST_TEST(text.find("credentials do not belong here") != std::string::npos, text);
    BOOST_TEST(text.find("geheim") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(login_is_not_shown_whoever_asks)
{
    config::given_values given;
    given.add_source({{"upstream-proxy", "http://bob:geheim@p:1", "x.conf:1", {}}});
    const auto text = config::describe(config::role::gateway, given);
    BOOST_TEST(text.find("upstream-proxy = (not shown)  # x.conf:1\n") != std::string::npos, text);
    BOOST_TEST(text.find("geheim") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(login_that_socks_cannot_carry)
{
    write("long", "bob:" + std::string(256, 'x'));
    const auto text = usage_error_of([&] {
        static_cast<void>(
            read({}, {"--upstream-proxy", "socks5://p", "--upstream-proxy-auth-file", "@long"})
        );
    });
    BOOST_TEST(text.find("1 to 255 octets") != std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()
