#include <penstock/transport/upstream_proxy.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace {

namespace transport = penstock::transport;
namespace data = boost::unit_test::data;
using transport::url_errc;

BOOST_AUTO_TEST_SUITE(upstream_proxy)

struct good {
    std::string_view text;
    std::string_view canonical;
    std::string_view user = {};
    std::string_view password = {};

    friend std::ostream& operator<<(std::ostream& os, const good& g) { return os << g.text; }
};

const good good_urls[] = {
    {"http://10.0.0.1:3128", "http://10.0.0.1:3128"},
    {"HTTP://Proxy.Corp.Example:8080/", "http://proxy.corp.example:8080"},
    {"http://proxy", "http://proxy:80"},
    {"proxy:3128", "http://proxy:3128"},
    {"socks5://[::1]:9", "socks5://[::1]:9"},
    {"socks5h://proxy", "socks5://proxy:1080"},
    {"http://bob:geheim@proxy:3128", "http://proxy:3128", "bob", "geheim"},
    {"bob@proxy:3128", "http://proxy:3128", "bob"},
    {"http://CORP%5cbob:a%40b%3A%25:c@proxy:1/", "http://proxy:1", "CORP\\bob", "a@b:%:c"},
    {"http://bob:p@ss@proxy:1", "http://proxy:1", "bob", "p@ss"},
    {"http://@proxy:1", "http://proxy:1"},
};

BOOST_DATA_TEST_CASE(url_is_read, data::make(good_urls), sample)
{
    const auto proxy = transport::parse_proxy_url(sample.text);
    BOOST_TEST_REQUIRE(proxy.has_value(), proxy.error().message());
    BOOST_TEST(transport::to_string(*proxy) == sample.canonical);
    BOOST_TEST(proxy->login.has_value() == !(sample.user.empty() && sample.password.empty()));
    if (proxy->login) {
        BOOST_TEST(proxy->login->user == sample.user);
        BOOST_TEST(proxy->login->password == sample.password);
    }
}

struct bad {
    std::string_view text;
    url_errc why;

    friend std::ostream& operator<<(std::ostream& os, const bad& b) { return os << b.text; }
};

const bad bad_urls[] = {
    {"", url_errc::not_proxy},
    {"http://", url_errc::not_proxy},
    {"https://proxy:3128", url_errc::tls_proxy},
    {"socks4://proxy:1", url_errc::not_proxy},
    {"socks://proxy:1", url_errc::not_proxy},
    {"http://proxy:1/path", url_errc::not_proxy},
    {"http://proxy:1?x", url_errc::not_proxy},
    {"http://proxy:0", url_errc::bad_port},
    {"http://proxy:65536", url_errc::bad_port},
    {"http://::1:3128", url_errc::bad_host},
    {"http://pro xy:1", url_errc::bad_host},
    {"http://bob:%zz@proxy:1", url_errc::bad_login},
    {"http://bob:%4@proxy:1", url_errc::bad_login},
    {"http://bob:a%0d%0ab@proxy:1", url_errc::bad_login},
    {"http://bob:a%00b@proxy:1", url_errc::bad_login},
};

BOOST_DATA_TEST_CASE(url_is_refused, data::make(bad_urls), sample)
{
    const auto proxy = transport::parse_proxy_url(sample.text);
    BOOST_TEST_REQUIRE(proxy.has_error());
    BOOST_TEST((proxy.error() == sample.why), proxy.error().message());
}

BOOST_AUTO_TEST_CASE(login_of_a_file)
{
    const auto login = transport::parse_login("bob:a:b%40 c");
    BOOST_TEST_REQUIRE(login.has_value());
    BOOST_TEST(login->user == "bob");
    BOOST_TEST(login->password == "a:b%40 c");
    for (const std::string_view text : {"", "bob", ":geheim", "bob:a\nb", "bob:a\tb"})
        BOOST_TEST(transport::parse_login(text).has_error(), text);
}

struct exemption {
    std::string_view list;
    std::string_view server;
    bool covered;

    friend std::ostream& operator<<(std::ostream& os, const exemption& e)
    {
        return os << e.list << " and " << e.server;
    }
};

const exemption exemptions[] = {
    {"", "wss://a.example", false},
    {"*", "wss://a.example", true},
    {"*", "wss://[2001:db8::1]", true},
    {"a.example", "wss://a.example", true},
    {"A.Example", "wss://a.EXAMPLE", true},
    {"example", "wss://a.example", true},
    {".example", "wss://a.example", true},
    {"*.example", "wss://a.example", true},
    {".a.example", "wss://a.example", true},
    {"b.example, \t,a.example", "wss://a.example", true},
    {"b.example a.example", "wss://a.example", true},
    {"ample", "wss://a.example", false},
    {"b.a.example", "wss://a.example", false},
    {"a.example:443", "wss://a.example", true},
    {"a.example:8443", "wss://a.example", false},
    {"a.example:8443", "wss://a.example:8443", true},
    {"10.1.2.3", "wss://10.1.2.3", true},
    {"10.1.2.3", "wss://10.1.2.30", false},
    {"10.1.2.3:443", "wss://10.1.2.3", true},
    {"10.0.0.0/8", "wss://10.1.2.3", true},
    {"10.1.2.3/8", "wss://10.200.0.1", true},
    {"10.0.0.0/8", "wss://11.1.2.3", false},
    {"0.0.0.0/0", "wss://11.1.2.3", true},
    {"10.0.0.0/8", "wss://a10.example", false},
    {"10.0.0.0/8", "wss://[2001:db8::1]", false},
    {"10.0.0.0/8", "wss://[::ffff:10.1.2.3]", true},
    {"2001:db8::/32", "wss://[2001:db8:1::1]", true},
    {"[2001:db8::1]:443", "wss://[2001:db8::1]", true},
    {"2001:db8::/32", "wss://10.0.0.1", false},
    {"10.0.0.0/33,a.example", "wss://10.1.2.3", false},
    {"10.*,a.example", "wss://a.example", true},
};

BOOST_DATA_TEST_CASE(exemptions_are_those_of_no_proxy, data::make(exemptions), sample)
{
    transport::proxy_exemptions list;
    list.add_list(sample.list);
    BOOST_TEST(list.covers(*transport::parse_server_url(sample.server)) == sample.covered);
}

BOOST_AUTO_TEST_CASE(what_is_no_exemption_is_refused)
{
    transport::proxy_exemptions list;
    for (const std::string_view text : {"", ".", "10.*", "10.0.0.0/33", "a b", "127.1", "a..b"})
        BOOST_TEST(!list.add(text), text);
    BOOST_TEST(list.add("*.corp.example:443"));
    BOOST_TEST(list.add_list("a.example, 10.*,..") == "10.*");
    BOOST_TEST(list.add_list("a.example 10.0.0.0/8").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
