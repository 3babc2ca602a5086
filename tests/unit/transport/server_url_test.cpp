#define BOOST_TEST_MODULE transport
#include <penstock/transport/fallback.hpp>
#include <penstock/transport/server_url.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace {

namespace data = boost::unit_test::data;
namespace transport = penstock::transport;
using penstock::error_code;
using transport::url_errc;

struct good {
    std::string_view text;
    transport::server_url url;
    std::string_view again;

    friend std::ostream& operator<<(std::ostream& os, const good& g) { return os << g.text; }
};
const good good_urls[] = {
    {"wss://a.example", {"a.example", 443, "/penstock"}, "wss://a.example/penstock"},
    {"wss://a.example/", {"a.example", 443, "/penstock"}, "wss://a.example/penstock"},
    {"WSS://A.Example:443/x", {"a.example", 443, "/x"}, "wss://a.example/x"},
    {"wss://a.example:8443/x/y", {"a.example", 8443, "/x/y"}, "wss://a.example:8443/x/y"},
    {"wss://192.0.2.1/p", {"192.0.2.1", 443, "/p"}, "wss://192.0.2.1/p"},
    {"wss://[2001:DB8::1]:1/p", {"2001:db8::1", 1, "/p"}, "wss://[2001:db8::1]:1/p"},
    {"wss://[::1]", {"::1", 443, "/penstock"}, "wss://[::1]/penstock"},
};

struct bad {
    std::string_view text;
    url_errc expected;

    friend std::ostream& operator<<(std::ostream& os, const bad& b) { return os << b.text; }
};
const bad bad_urls[] = {
    {"", url_errc::not_wss},
    {"a.example", url_errc::not_wss},
    {"https://a.example/", url_errc::not_wss},
    {"ws://a.example/", url_errc::insecure},
    {"http://a.example/", url_errc::insecure},
    {"wss://user:secret@a.example/", url_errc::credentials},
    {"wss://user@a.example", url_errc::credentials},
    {"wss://a.example/p?token=x", url_errc::query},
    {"wss://a.example?x", url_errc::query},
    {"wss://a.example/p#x", url_errc::query},
    {"wss://", url_errc::bad_host},
    {"wss:///p", url_errc::bad_host},
    {"wss://a b/", url_errc::bad_host},
    {"wss://2001:db8::1/", url_errc::bad_host},
    {"wss://[2001:db8::1/", url_errc::bad_host},
    {"wss://127.1/", url_errc::bad_host},
    {"wss://a.example:/", url_errc::bad_port},
    {"wss://a.example:0/", url_errc::bad_port},
    {"wss://a.example:65536/", url_errc::bad_port},
    {"wss://a.example:x/", url_errc::bad_port},
    {"wss://a.example/a b", url_errc::bad_path},
    {"wss://a.example/\r\nX: y", url_errc::bad_path},
    {"wss://a.example/\xc3\xbc", url_errc::bad_path},
};

BOOST_AUTO_TEST_SUITE(server_url)

BOOST_DATA_TEST_CASE(reads_and_writes, data::make(good_urls), g)
{
    const auto url = transport::parse_server_url(g.text);
    BOOST_TEST_REQUIRE(url.has_value());
    BOOST_TEST((*url == g.url));
    BOOST_TEST(transport::to_string(*url) == g.again);
}

BOOST_DATA_TEST_CASE(refuses_and_says_why, data::make(bad_urls), b)
{
    const auto url = transport::parse_server_url(b.text);
    BOOST_TEST_REQUIRE(url.has_error());
    BOOST_TEST(url.error() == error_code(b.expected));
}

BOOST_AUTO_TEST_CASE(fallbacks)
{
    using namespace penstock::transport;
    BOOST_TEST(std::holds_alternative<not_found>(*parse_fallback("404")));
    BOOST_TEST(std::get<static_folder>(*parse_fallback("/srv/www")).path == "/srv/www");
    const auto proxy = std::get<reverse_proxy>(*parse_fallback("http://127.0.0.1:8080/"));
    BOOST_TEST(proxy.to.address().to_string() == "127.0.0.1");
    BOOST_TEST(proxy.to.port() == 8080);
    const auto proxy6 = std::get<reverse_proxy>(*parse_fallback("http://[::1]:80"));
    BOOST_TEST(proxy6.to.address().is_v6());
    for (const auto* text :
         {"", "http://a.example:80", "http://127.0.0.1", "http://127.0.0.1:80/x", "https://x"})
        BOOST_TEST(parse_fallback(text).has_error(), text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
