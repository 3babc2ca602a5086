#include "workspace.hpp"

namespace {

namespace config = penstock::config;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(shipped_files, workspace)

BOOST_AUTO_TEST_CASE(they_load_without_a_warning)
{
    const auto gateway = config::read_gateway({{"--config", (*this)["gateway.conf"]}, {}});
    BOOST_TEST(gateway.warnings.empty(), joined(gateway.warnings));
    BOOST_TEST(gateway.settings.dial.tls->own()->common_name == "laptop");
    const auto server = config::read_server({{"--config", (*this)["server.conf"]}, {}});
    BOOST_TEST(server.warnings.empty(), joined(server.warnings));
    BOOST_TEST(server.settings.egress.policy.rules().rules().size() == 5U);
}

BOOST_AUTO_TEST_CASE(they_show_every_option_with_its_default)
{
    for (const auto r : {config::role::gateway, config::role::server}) {
        const auto text = '\n' + read(std::string(config::section_name(r)) + ".conf");
        for (const auto& o : config::options_of(r)) {
            if (o.secret)
                continue;
            const auto line = std::string(o.name) + " = " + std::string(o.initial);
            const auto end = o.initial.empty() ? "" : "\n";
            const bool shown = text.find("\n#" + line + end) != std::string::npos ||
                               text.find('\n' + line + end) != std::string::npos;
            BOOST_TEST(
                shown, std::string(config::section_name(r)) + ".conf does not show: " + line
            );
        }
    }
}

BOOST_AUTO_TEST_CASE(the_defaults_that_are_told_are_those_in_force)
{
    // Every default, given explicitly, changes nothing that a description shows but where it comes
    // from.
    std::vector<std::string> arguments{"--config", (*this)["server.conf"]};
    for (const auto& o : config::options_of(config::role::server)) {
        if (!o.initial.empty() && !o.value.empty() && o.name != "listen")
            arguments.insert(arguments.end(), {"--" + std::string(o.name), std::string(o.initial)});
    }
    const auto told = config::read_server({arguments, {}}).settings;
    const auto silent = config::read_server({{"--config", (*this)["server.conf"]}, {}}).settings;
    BOOST_TEST((told.tunnel.ping_interval == silent.tunnel.ping_interval));
    BOOST_TEST((told.drain_timeout == silent.drain_timeout));
    BOOST_TEST((told.egress.dial_timeout == silent.egress.dial_timeout));
    BOOST_TEST(told.tunnel.streams_per_lane_max == silent.tunnel.streams_per_lane_max);
    BOOST_TEST(told.tunnel.streams_per_principal_max == silent.tunnel.streams_per_principal_max);
    BOOST_TEST(told.tunnel.dials_per_session_max == silent.tunnel.dials_per_session_max);
    BOOST_TEST(told.tunnel.window_bytes_max == silent.tunnel.window_bytes_max);
    BOOST_TEST(told.tunnel.memory_budget_bytes == silent.tunnel.memory_budget_bytes);
    BOOST_TEST(told.threads == silent.threads);
    BOOST_TEST(told.accept.path == silent.accept.path);
    BOOST_TEST(told.accept.fallback.index() == silent.accept.fallback.index());
}

BOOST_AUTO_TEST_CASE(help_names_every_option_but_no_secret)
{
    for (const auto r : {config::role::gateway, config::role::server}) {
        const auto text = config::help_text(r);
        for (const auto& o : config::options_of(r))
            BOOST_TEST(
                (text.find("\n  --" + std::string(o.name) + (o.value.empty() ? "" : " ")) !=
                 std::string::npos) == !o.secret
            );
        for (std::size_t begin = 0; begin < text.size();) {
            const auto end = text.find('\n', begin);
            BOOST_TEST(end - begin <= 100U, text.substr(begin, end - begin));
            begin = end + 1;
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
