#include <boost/test/data/test_case.hpp>

#include "workspace.hpp"

namespace {

namespace config = penstock::config;
namespace data = boost::unit_test::data;
using namespace std::chrono_literals;

struct server_options : workspace {
    config::configuration<penstock::server::settings>
    read(std::vector<std::string> arguments, std::vector<std::string> environment = {}) const
    {
        return config::read_server({expand(std::move(arguments)), std::move(environment)});
    }

    /// With what every server needs.
    auto
    read_more(std::vector<std::string> arguments, std::vector<std::string> environment = {}) const
    {
        arguments.insert(
            arguments.begin(),
            {"--cert", "@server.crt", "--key", "@server.key", "--client-ca", "@ca.crt"}
        );
        return read(std::move(arguments), std::move(environment));
    }

    bool
    allows(const penstock::server::settings& s, const char* address, std::uint16_t port = 80) const
    {
        return s.egress.policy.decide(nullptr, boost::asio::ip::make_address(address), port, "")
            .allowed;
    }
};

struct wrong_row {
    std::vector<std::string> arguments;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const wrong_row& r)
    {
        return os << r.expected;
    }
};

/// Beside a good certificate and authority.
const wrong_row wrong_options[] = {
    {{"--allow", "10.0.0.0/33"}, "allow: '10.0.0.0/33': the prefix must be in 0..32"},
    {{"--deny", "a:x"}, "deny: 'x' is no port"},
    {{"--allow", "* deny"}, "allow: unexpected 'deny' behind the action"},
    {{"--rules-file", "@junk"}, "rules-file: @junk line 1: "},
    {{"--rules-file", "@none"}, "rules-file: cannot read @none"},
    {{"--path", "penstock"}, "path: 'penstock' is no path"},
    {{"--path", "/"}, "path: '/' is no path"},
    {{"--path", "/a?b"}, "path: '/a?b' is no path"},
    {{"--fallback", "ftp://a"}, "fallback: 'ftp://a' is none of 404, a folder"},
    {{"--fallback", "@none"}, "fallback: @none is no folder"},
    {{"--plain"}, "cert: given together with plain"},
    {{"--dial-timeout", "10"}, "dial-timeout: '10' is no time"},
    {{"--window-max", "1KiB"}, "window-max: 1KiB is out of range (64KiB..1GiB)"},
    {{"--memory-budget", "1MiB"}, "memory-budget: below 16MiB"},
    {{"--memory-budget", "lots"}, "memory-budget: 'lots' is no size"},
    {{"--streams-per-lane-max", "0"}, "streams-per-lane-max: 0 is out of range"},
    {{"--users-file", "@junk"}, "users-file: @junk line 1: "},
};

const wrong_row wrong_identities[] = {
    {{"--client-ca", "@ca.crt"},
     "cert: none given (make one with: penstock keys init DIR --name HOST)"},
    {{"--cert", "@server.crt", "--key", "@server.key"},
     "client-ca: neither it nor users-file is given, so nobody could come in"},
    {{"--cert", "@server.crt", "--key", "@server.key", "--client-ca", "@junk"},
     "client-ca: @junk: no certificate"},
    {{"--cert", "@none", "--key", "@server.key"},
     "cert: cannot read @none: No such file or directory (make one with: penstock keys init DIR "
     "--name HOST)"},
    {{"--cert", "@server.crt", "--key", "@laptop.key"},
     "key: @laptop.key: the private key does not belong"},
    {{"--plain", "--listen", "127.0.0.1:0"}, "users-file: none given, so nobody could come in"},
    {{"--plain", "--users-file", "@users"}, "plain: refused with listen 0.0.0.0:443"},
    {{"--plain", "--listen", "127.0.0.1:0", "--listen", "[::]:80", "--users-file", "@users"},
     "plain: refused with listen [::]:80"},
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(server, server_options)

BOOST_AUTO_TEST_CASE(certificates_are_enough)
{
    const auto c = read_more({});
    const auto& s = c.settings;
    BOOST_TEST(penstock::io::to_string(s.listen[0]) == "0.0.0.0:443");
    BOOST_TEST_REQUIRE((s.accept.tls != nullptr));
    BOOST_TEST(s.accept.client_certificates);
    BOOST_TEST(!s.accept.anonymous);
    BOOST_TEST(!s.accept.users.has_value());
    BOOST_TEST(s.accept.path == "/penstock");
    BOOST_TEST(allows(s, "192.0.2.1"));
    BOOST_TEST(!allows(s, "127.0.0.1"));
    BOOST_TEST(c.warnings.empty(), joined(c.warnings));
}

BOOST_AUTO_TEST_CASE(every_option_reaches_its_setting)
{
    const auto c = read_more(
        {"--listen",
         "127.0.0.1:0",
         "--listen",
         "[::1]:0",
         "--users-file",
         "@users",
         "--path",
         "/x",
         "--fallback",
         "@",
         "--node",
         "eu-1.a_b",
         "--threads",
         "2",
         "--ping-interval",
         "5s",
         "--drain-timeout",
         "1s",
         "--congestion",
         "reno",
         "--dial-timeout",
         "2min",
         "--streams-per-lane-max",
         "17",
         "--streams-per-principal-max",
         "20",
         "--dials-per-session-max",
         "30",
         "--window-max",
         "1MiB",
         "--memory-budget",
         "64MiB",
         "--log-targets",
         "none",
         "--log-level",
         "warning"}
    );
    const auto& s = c.settings;
    BOOST_TEST(s.listen.size() == 2U);
    BOOST_TEST(s.accept.users.has_value());
    BOOST_TEST(s.accept.path == "/x");
    BOOST_TEST(s.node == "eu-1.a_b");
    BOOST_TEST_REQUIRE(
        (std::get_if<penstock::transport::static_folder>(&s.accept.fallback) != nullptr)
    );
    BOOST_TEST(s.threads == 2U);
    BOOST_TEST((s.tunnel.ping_interval == 5s));
    BOOST_TEST((s.drain_timeout == 1s));
    BOOST_TEST(s.accept.congestion == "reno");
    BOOST_TEST((s.egress.dial_timeout == 2min));
    BOOST_TEST((s.egress.dial_timeout_max >= 2min));
    BOOST_TEST(s.tunnel.streams_per_lane_max == 17U);
    BOOST_TEST(s.tunnel.streams_per_principal_max == 20U);
    BOOST_TEST(s.tunnel.dials_per_session_max == 30U);
    BOOST_TEST(s.tunnel.window_bytes_max == 1024U * 1024);
    BOOST_TEST(s.tunnel.memory_budget_bytes == 64U * 1024 * 1024);
    BOOST_TEST((s.log_targets == penstock::observe::log_target_policy::none));
    BOOST_TEST((c.log.level == penstock::observe::severity::warning));
}

BOOST_DATA_TEST_CASE_F(
    server_options, wrong_ones_are_one_clear_line, data::make(wrong_options), sample
)
{
    std::string expected(sample.expected);
    if (const auto at = expected.find('@'); at != std::string::npos)
        expected.replace(at, 1, folder.string() + '/');
    const auto text = usage_error_of([&] { static_cast<void>(read_more(sample.arguments)); });
    BOOST_TEST(text.starts_with(expected), text);
    BOOST_TEST(text.find('\n') == std::string::npos, text);
}

BOOST_DATA_TEST_CASE_F(
    server_options, it_refuses_to_start_open_or_without_keys, data::make(wrong_identities), sample
)
{
    std::string expected(sample.expected);
    if (const auto at = expected.find('@'); at != std::string::npos)
        expected.replace(at, 1, folder.string() + '/');
    const auto text = usage_error_of([&] { static_cast<void>(read(sample.arguments)); });
    BOOST_TEST(text.starts_with(expected), text);
}

BOOST_AUTO_TEST_CASE(the_order_of_allow_and_deny_is_kept)
{
    const auto deny_first = read_more({"--deny", "10.0.0.1", "--allow", "10.0.0.0/8"}).settings;
    BOOST_TEST(!allows(deny_first, "10.0.0.1"));
    BOOST_TEST(allows(deny_first, "10.0.0.2"));
    BOOST_TEST(!allows(deny_first, "192.0.2.1"));
    const auto allow_first = read_more({"--allow", "10.0.0.0/8", "--deny", "10.0.0.1"}).settings;
    BOOST_TEST(allows(allow_first, "10.0.0.1"));
}

BOOST_AUTO_TEST_CASE(allow_takes_an_identity)
{
    const auto s = read_more({"--allow", "10.0.0.0/8:22  for laptop"}).settings;
    const auto address = boost::asio::ip::make_address("10.0.0.1");
    BOOST_TEST(s.egress.policy.decide(nullptr, address, 22, "laptop").allowed);
    BOOST_TEST(!s.egress.policy.decide(nullptr, address, 22, "phone").allowed);
    BOOST_TEST(!s.egress.policy.decide(nullptr, address, 23, "laptop").allowed);
}

BOOST_AUTO_TEST_CASE(a_rules_file_stands_behind_the_options)
{
    write("rules", "10.0.0.0/8 allow\n");
    const auto s = read_more({"--rules-file", "@rules", "--deny", "10.0.0.1"}).settings;
    BOOST_TEST(!allows(s, "10.0.0.1"));
    BOOST_TEST(allows(s, "10.0.0.2"));
}

BOOST_AUTO_TEST_CASE(allow_and_deny_of_a_weaker_source_are_replaced_together)
{
    write("s.conf", "[server]\ndeny = 10.0.0.0/8\n");
    const auto s = read_more({"--config", "@s.conf", "--allow", "10.0.0.0/8"}).settings;
    BOOST_TEST_REQUIRE(s.egress.policy.rules().rules().size() == 1U);
    BOOST_TEST(allows(s, "10.0.0.1"));
}

BOOST_AUTO_TEST_CASE(plain_is_for_this_machine_only)
{
    const auto c = read(
        {"--plain",
         "--listen",
         "127.0.0.1:8080",
         "--listen",
         "unix:/run/x",
         "--users-file",
         "@users"}
    );
    BOOST_TEST((c.settings.accept.tls == nullptr));
    BOOST_TEST(joined(c.warnings).find("plain: no TLS here") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(anonymous_warns)
{
    const auto c = read({"--cert", "@server.crt", "--key", "@server.key", "--anonymous"});
    BOOST_TEST(c.settings.accept.anonymous);
    BOOST_TEST(joined(c.warnings).find("anonymous: everybody") == 0U);
}

BOOST_AUTO_TEST_CASE(paths_in_a_file_start_where_it_lies)
{
    write(
        "s.conf",
        "[server]\ncert = server.crt\nkey = server.key\nclient-ca = ca.crt\nfallback = .\n"
    );
    const auto s = read({"--config", "@s.conf"}).settings;
    BOOST_TEST((s.accept.tls != nullptr));
    const auto* const served = std::get_if<penstock::transport::static_folder>(&s.accept.fallback);
    BOOST_TEST_REQUIRE((served != nullptr));
    BOOST_TEST(std::filesystem::equivalent(served->path, folder));
}

BOOST_AUTO_TEST_SUITE_END()
