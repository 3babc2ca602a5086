#include <boost/test/data/test_case.hpp>

#include "workspace.hpp"

namespace {

namespace config = penstock::config;
namespace data = boost::unit_test::data;

struct wrong_row {
    std::vector<std::string> arguments;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const wrong_row& r)
    {
        return os << r.expected;
    }
};

const wrong_row wrong_options[] = {
    {{}, "server: none given (where the tunnel ends: --server wss://"},
    {{"--server", "http://a/"}, "server: 'http://a/': "},
    {{"--server", "wss://bob:geheim@a/"}, "server: "},
    {{"--server", "wss://a", "--listen", "nowhere"}, "listen: 'nowhere': "},
    {{"--server", "wss://a", "--listen", "0.0.0.0:1080"},
     "listen: other machines can reach 0.0.0.0:1080, so users-file is needed (or listen on "
     "127.0.0.1)"},
    {{"--server", "wss://a", "--cert", "@laptop.crt"}, "cert: given without key"},
    {{"--server", "wss://a", "--key", "@laptop.key"}, "key: given without cert"},
    {{"--server", "wss://a", "--cert", "@none", "--key", "@laptop.key"},
     "cert: cannot read @none: No such file or directory (make one with: penstock keys client DIR "
     "NAME)"},
    {{"--server", "wss://a", "--cert", "@junk", "--key", "@laptop.key"},
     "cert: @junk: not a certificate in PEM form"},
    {{"--server", "wss://a", "--cert", "@laptop.crt", "--key", "@junk"},
     "key: @junk: not a private key"},
    {{"--server", "wss://a", "--cert", "@laptop.crt", "--key", "@server.key"},
     "key: @server.key: the private key does not belong to the certificate in @laptop.crt"},
    {{"--server", "wss://a", "--ca", "@junk"}, "ca: @junk: no certificate authority in PEM form"},
    {{"--server", "wss://a", "--ca", "@none"}, "ca: cannot read @none: No such file"},
    {{"--server", "wss://a", "--ca", "/"}, "ca: cannot read /: it is a directory"},
    {{"--server", "wss://a", "--p12", "@laptop.p12", "--key", "@laptop.key"},
     "key: given together with p12"},
    {{"--server", "wss://a", "--p12", "@laptop.p12"}, "p12: "},
    {{"--server", "wss://a", "--p12", "@laptop.p12", "--p12-password-file", "@junk"},
     "p12-password-file: @junk: wrong password"},
    {{"--server", "wss://a", "--p12", "@junk", "--p12-password-file", "@junk"},
     "p12: @junk: not a PKCS#12 store"},
    {{"--server", "wss://a", "--token-file", "@none"}, "token-file: cannot read @none"},
    {{"--server", "wss://a", "--token-file", "@junk"}, "token-file: @junk does not hold one token"},
    {{"--server", "wss://a", "--users-file", "@junk"}, "users-file: @junk line 1: "},
    {{"--server", "wss://a", "--server-name", "a b"}, "server-name: 'a b': "},
    {{"--server", "wss://a", "--upstream-proxy", "https://p:1"},
     "upstream-proxy: 'https://p:1': a proxy that is itself reached by TLS is not supported"},
    {{"--server", "wss://a", "--upstream-proxy", "http://bob:geheim@p:1"},
     "upstream-proxy: credentials do not belong here, where others can see them (put user:password "
     "into a file and name it with --upstream-proxy-auth-file)"},
    {{"--server", "wss://a", "--upstream-proxy", "http://localhost:1080"},
     "upstream-proxy: http://localhost:1080 is this gateway itself (see listen)"},
    {{"--server", "wss://a", "--upstream-proxy", "p:1", "--upstream-proxy-auth-file", "@none"},
     "upstream-proxy-auth-file: cannot read @none: No such file or directory (one line, "
     "user:password)"},
    {{"--server", "wss://a", "--upstream-proxy", "p:1", "--upstream-proxy-auth-file", "@junk"},
     "upstream-proxy-auth-file: @junk does not hold user:password (in one line)"},
    {{"--server", "wss://a", "--upstream-proxy", "p:1", "--upstream-proxy-auth", "bob:geheim"},
     "unknown option: --upstream-proxy-auth (other users see arguments: use "
     "--upstream-proxy-auth-file or the environment)"},
    {{"--server", "wss://a", "--upstream-proxy", "p:1", "--no-proxy", "a,10.*"},
     "no-proxy: '10.*' is neither a name, an address, a network nor *"},
    {{"--server", "wss://a", "--rule", "* allow"},
     "rule: unknown action 'allow' (one of: tunnel, direct, block)"},
    {{"--server", "wss://a", "--threads", "two"}, "threads: 'two' is no number (1..256)"},
    {{"--server", "wss://a", "--threads", "0"}, "threads: 0 is out of range (1..256)"},
    {{"--server", "wss://a", "--lanes", "65"}, "lanes: 65 is out of range (0..64)"},
    {{"--server", "wss://a", "--link-wait", "soon"},
     "link-wait: 'soon' is no time (such as 15s, 500ms or 10min, in 0ms..10min)"},
    {{"--server", "wss://a", "--ping-interval", "1ms"},
     "ping-interval: 1ms is out of range (500ms..1h)"},
    {{"--server", "wss://a", "--drain-timeout", "25h"}, "drain-timeout: 25h is out of range"},
    {{"--server", "wss://a", "--congestion", "../x"}, "congestion: '../x' is no name"},
    {{"--server", "wss://a", "--log-level", "loud"},
     "log-level: unknown value 'loud' (one of: debug, info, warning, error)"},
    {{"--server", "wss://a", "--log-format", "xml"},
     "log-format: unknown value 'xml' (one of: text, json)"},
    {{"--server", "wss://a", "--log-targets", "some"},
     "log-targets: unknown value 'some' (one of: full, host, none)"},
    {{"--server", "wss://a", "--insecure-skip-verify=perhaps"},
     "insecure-skip-verify: 'perhaps' is neither true nor false"},
    {{"--server",
      "wss://a",
      "--insecure-skip-verify",
      "--cert",
      "@laptop.crt",
      "--key",
      "@laptop.key"},
     "insecure-skip-verify: refused together with cert"},
    {{"--server", "wss://a", "--insecure-skip-verify", "--token-file", "@token"},
     "insecure-skip-verify: refused together with"},
    {{"--server", "wss://a", "--lanes", "1", "--lanes", "2"}, "lanes: given twice"},
    {{"--config", "@none"}, "config: cannot read @none: No such file"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(gateway_errors)

BOOST_DATA_TEST_CASE_F(workspace, wrong_ones_are_one_clear_line, data::make(wrong_options), sample)
{
    std::string expected(sample.expected);
    for (auto at = expected.find('@'); at != std::string::npos; at = expected.find('@', at + 1))
        expected.replace(at, 1, folder.string() + '/');

    const auto text = usage_error_of([&] {
        static_cast<void>(config::read_gateway({expand(sample.arguments), {}}));
    });
    BOOST_TEST(text.starts_with(expected), text);
    BOOST_TEST(text.find('\n') == std::string::npos, text);
    BOOST_TEST(text.find("geheim") == std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()
