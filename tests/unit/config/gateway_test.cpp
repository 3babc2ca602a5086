#include "workspace.hpp"

namespace {

namespace config = penstock::config;
using namespace std::chrono_literals;

struct gateway_options : workspace {
    config::configuration<penstock::gateway::settings>
    read(std::vector<std::string> arguments, std::vector<std::string> environment = {}) const
    {
        return config::read_gateway({expand(std::move(arguments)), std::move(environment)});
    }

    /// With what every gateway needs.
    auto
    read_more(std::vector<std::string> arguments, std::vector<std::string> environment = {}) const
    {
        arguments.insert(arguments.begin(), {"--server", "wss://tunnel.example.com"});
        return read(std::move(arguments), std::move(environment));
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(gateway, gateway_options)

BOOST_AUTO_TEST_CASE(one_url_is_enough)
{
    const auto c = read({"--server", "wss://tunnel.example.com"});
    BOOST_TEST_REQUIRE(c.settings.listen.size() == 1U);
    BOOST_TEST(penstock::io::to_string(c.settings.listen[0]) == "127.0.0.1:1080");
    BOOST_TEST_REQUIRE(c.settings.servers.size() == 1U);
    BOOST_TEST(
        penstock::transport::to_string(c.settings.servers[0]) == "wss://tunnel.example.com/penstock"
    );
    BOOST_TEST((c.settings.dial.tls != nullptr));
    BOOST_TEST(!c.settings.users.has_value());
    BOOST_TEST(c.settings.rules.empty());
    BOOST_TEST(c.settings.link_wait.count() == 10'000);
    BOOST_TEST(c.warnings.empty(), joined(c.warnings));
}

BOOST_AUTO_TEST_CASE(every_option_reaches_its_setting)
{
    const auto c = read(
        {"--server",
         "wss://b:8443/x",
         "--server",
         "wss://a",
         "--listen",
         "[::1]:0",
         "--listen",
         "unix:/run/x.sock",
         "--users-file",
         "@users",
         "--rule",
         "a direct",
         "--rule",
         "* block for eve",
         "--ca",
         "@ca.crt",
         "--cert",
         "@laptop.crt",
         "--key",
         "@laptop.key",
         "--token-file",
         "@token",
         "--server-name",
         "[::1]",
         "--upstream-proxy",
         "socks5://proxy",
         "--upstream-proxy-auth-file",
         "@login",
         "--no-proxy",
         "a",
         "--lanes",
         "3",
         "--threads",
         "2",
         "--ping-interval",
         "5s",
         "--suspect-timeout",
         "400ms",
         "--link-wait",
         "300ms",
         "--drain-timeout",
         "1min",
         "--congestion",
         "bbr",
         "--log-level",
         "debug",
         "--log-format",
         "json",
         "--log-targets",
         "host"}
    );
    const auto& s = c.settings;
    BOOST_TEST(s.servers.size() == 2U);
    BOOST_TEST(s.servers[0].port == 8443U);
    BOOST_TEST(s.listen.size() == 2U);
    BOOST_TEST_REQUIRE(s.users.has_value());
    BOOST_TEST(s.users->check("ann", "secret"));
    BOOST_TEST_REQUIRE(s.rules.rules().size() == 2U);
    BOOST_TEST(s.rules.rules()[1].text == "* block for eve");
    BOOST_TEST_REQUIRE(s.dial.tls != nullptr);
    BOOST_TEST_REQUIRE(s.dial.tls->own().has_value());
    BOOST_TEST(s.dial.tls->own()->common_name == "laptop");
    BOOST_TEST(s.dial.token == "pst_abc");
    BOOST_TEST(s.dial.server_name == "::1");
    BOOST_TEST(s.dial.congestion == "bbr");
    BOOST_TEST_REQUIRE(s.dial.proxy.has_value());
    BOOST_TEST(penstock::transport::to_string(*s.dial.proxy) == "socks5://proxy:1080");
    BOOST_TEST(s.dial.proxy->login->user == "user");
    BOOST_TEST(s.dial.direct.covers(s.servers[1]));
    BOOST_TEST(s.lanes == 3U);
    BOOST_TEST(s.threads == 2U);
    BOOST_TEST((s.tunnel.ping_interval == 5s));
    BOOST_TEST((s.tunnel.suspect_after == 400ms));
    BOOST_TEST((s.link_wait == 300ms));
    BOOST_TEST((s.drain_timeout == 1min));
    BOOST_TEST((s.inbound.log_targets == penstock::observe::log_target_policy::host));
    BOOST_TEST((c.log.level == penstock::observe::severity::debug));
    BOOST_TEST((c.log.format == penstock::observe::log_format::json));
}

BOOST_AUTO_TEST_CASE(the_command_line_beats_the_environment_beats_the_file)
{
    write(
        "g.conf",
        "[gateway]\nserver = wss://file\nlisten = unix:/file\nlanes = 1\nthreads = 1\nlink-wait = "
        "1s\n"
    );
    const auto c = read(
        {"--config", "@g.conf", "--listen", "unix:/line"},
        {"PENSTOCK_LISTEN=unix:/one,unix:/two", "PENSTOCK_LANES=2", "PENSTOCK_PORT=tcp://10.0.0.1"}
    );
    BOOST_TEST_REQUIRE(c.settings.listen.size() == 1U);
    BOOST_TEST(penstock::io::to_string(c.settings.listen[0]) == "unix:/line");
    BOOST_TEST(c.settings.lanes == 2U);
    BOOST_TEST((c.settings.link_wait == 1s));
    BOOST_TEST(c.settings.servers[0].host == "file");
    BOOST_TEST(joined(c.warnings).find("PENSTOCK_PORT is set") == 0U);

    const auto from_environment =
        read({}, {"PENSTOCK_CONFIG=" + (*this)["g.conf"], "PENSTOCK_LISTEN=unix:/one,unix:/two"});
    BOOST_TEST(from_environment.settings.listen.size() == 2U);
}

BOOST_AUTO_TEST_CASE(errors_say_where_the_value_was_written)
{
    write("g.conf", "[gateway]\nserver = wss://file\nthreads = 0\n");
    const auto file = usage_error_of([&] { static_cast<void>(read({"--config", "@g.conf"})); });
    BOOST_TEST(file == "threads (" + (*this)["g.conf"] + ":3): 0 is out of range (1..256)");
    const auto environment =
        usage_error_of([&] { static_cast<void>(read_more({}, {"PENSTOCK_THREADS=x"})); });
    BOOST_TEST(environment == "threads (PENSTOCK_THREADS): 'x' is no number (1..256)");
}

BOOST_AUTO_TEST_CASE(a_store_is_opened_with_its_password)
{
    write("password", "geheim\r\n");
    const auto from_file = read_more({"--p12", "@laptop.p12", "--p12-password-file", "@password"});
    BOOST_TEST(from_file.settings.dial.tls->own()->common_name == "laptop");
    const auto from_environment =
        read_more({"--p12", "@laptop.p12"}, {"PENSTOCK_P12_PASSWORD=geheim"});
    BOOST_TEST(from_environment.settings.dial.tls->own()->common_name == "laptop");
}

BOOST_AUTO_TEST_CASE(a_token_comes_from_a_file_or_the_environment)
{
    BOOST_TEST(read_more({}, {"PENSTOCK_TOKEN=pst_env"}).settings.dial.token == "pst_env");
    BOOST_TEST(
        read_more({"--token-file", "@token"}, {"PENSTOCK_TOKEN=pst_env"}).settings.dial.token ==
        "pst_abc"
    );
}

BOOST_AUTO_TEST_CASE(insecure_choices_are_warned_of)
{
    const auto open =
        read_more({"--listen", "0.0.0.0:1080", "--users-file", "@users", "--insecure-skip-verify"});
    const auto text = joined(open.warnings);
    BOOST_TEST(
        text.find("listen: other machines can reach 0.0.0.0:1080") != std::string::npos, text
    );
    BOOST_TEST(text.find("users-file: plain passwords") != std::string::npos, text);
    BOOST_TEST(
        text.find("insecure-skip-verify: the server's certificate is not verified") !=
            std::string::npos,
        text
    );

    std::filesystem::permissions(folder / "token", std::filesystem::perms(0644));
    const auto readable = joined(read_more({"--token-file", "@token"}).warnings);
    BOOST_TEST(readable.find("token-file: others can read") == 0U, readable);
}

BOOST_AUTO_TEST_CASE(session_keys_are_logged_where_sslkeylogfile_says)
{
    const auto c = read_more({}, {"SSLKEYLOGFILE=" + (*this)["keys.log"]});
    BOOST_TEST(joined(c.warnings).find("SSLKEYLOGFILE: whoever reads") == 0U);
    BOOST_TEST(std::filesystem::exists(folder / "keys.log"));
    const auto nowhere = read_more({}, {"SSLKEYLOGFILE=" + (*this)["no/keys.log"]});
    BOOST_TEST(joined(nowhere.warnings).find("SSLKEYLOGFILE: cannot write") == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_in_force_is_told_without_secrets)
{
    write("g.conf", "[gateway]\nserver = wss://file\n");
    const auto c = read(
        {"--config", "@g.conf", "--lanes", "2"}, {"PENSTOCK_TOKEN=pst_env", "PENSTOCK_THREADS=2"}
    );
    const auto text = config::describe(config::role::gateway, c.given);
    for (const auto* const line :
         {"[gateway]\n",
          "listen = 127.0.0.1:1080  # default\n",
          "lanes = 2  # command line\n",
          "threads = 2  # PENSTOCK_THREADS\n",
          "token = (not shown)  # PENSTOCK_TOKEN\n",
          "link-wait = 10s  # default\n"})
        BOOST_TEST(text.find(line) != std::string::npos, text);
    BOOST_TEST(
        text.find("server = wss://file  # " + (*this)["g.conf"] + ":2\n") != std::string::npos, text
    );
    BOOST_TEST(text.find("pst_") == std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()
