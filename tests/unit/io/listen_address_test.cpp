#define BOOST_TEST_MODULE io
#include <penstock/base/target.hpp>
#include <penstock/io/listen_address.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace io = penstock::io;
namespace data = boost::unit_test::data;
using penstock::target_errc;

BOOST_AUTO_TEST_SUITE(listen_address)

struct good {
    std::string_view text, printed;
    bool local;

    friend std::ostream& operator<<(std::ostream& os, const good& g) { return os << g.text; }
};

const good good_addresses[] = {
    {"127.0.0.1:1080", "127.0.0.1:1080", true},
    {"127.9.9.9:1", "127.9.9.9:1", true},
    {"[::1]:1080", "[::1]:1080", true},
    {":1080", "127.0.0.1:1080", true},
    {"localhost:0", "127.0.0.1:0", true},
    {"0.0.0.0:8443", "0.0.0.0:8443", false},
    {"[::]:8443", "[::]:8443", false},
    {"192.0.2.1:65535", "192.0.2.1:65535", false},
    {"unix:/run/x.sock", "unix:/run/x.sock", true},
    {"unix:relative", "unix:relative", true},
};

BOOST_DATA_TEST_CASE(reads_and_prints, data::make(good_addresses), sample)
{
    const auto parsed = io::parse_listen_address(sample.text);

    BOOST_TEST_REQUIRE(parsed.has_value());
    BOOST_TEST(io::to_string(*parsed) == sample.printed);
    BOOST_TEST(io::is_local(*parsed) == sample.local);
}

struct bad {
    std::string text;
    target_errc expected;

    friend std::ostream& operator<<(std::ostream& os, const bad& b)
    {
        return os << '"' << b.text << '"';
    }
};

const bad bad_addresses[] = {
    {"", target_errc::missing_port},
    {"127.0.0.1", target_errc::missing_port},
    {"[::1]", target_errc::missing_port},
    {"127.0.0.1:", target_errc::bad_port},
    {"127.0.0.1:65536", target_errc::bad_port},
    {"127.0.0.1:-1", target_errc::bad_port},
    {"127.0.0.1:80x", target_errc::bad_port},
    {"::1:1080", target_errc::bad_host_label},
    {"example.org:1080", target_errc::bad_host_label},
    {"unix:", target_errc::empty_host},
    {"unix:/" + std::string(200, 'a'), target_errc::host_too_long},
    {std::string("unix:/a\0b", 9), target_errc::bad_host_octet},
};

BOOST_DATA_TEST_CASE(refuses_what_is_none, data::make(bad_addresses), sample)
{
    const auto parsed = io::parse_listen_address(sample.text);

    BOOST_TEST_REQUIRE(parsed.has_error());
    BOOST_TEST(parsed.error() == make_error_code(sample.expected));
}

BOOST_AUTO_TEST_CASE(longest_unix_path_is_kept_whole)
{
    const std::string path = "/" + std::string(sizeof(sockaddr_un::sun_path) - 2, 'p');
    const auto parsed = io::parse_listen_address("unix:" + path);

    BOOST_TEST_REQUIRE(parsed.has_value());
    BOOST_TEST(io::to_string(*parsed) == "unix:" + path);
}

BOOST_AUTO_TEST_SUITE_END()
