#define BOOST_TEST_MODULE base
#include <penstock/base/target.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace {

namespace data = boost::unit_test::data;
using penstock::target_errc;

struct accepted {
    std::string text;
    std::string_view canonical;
    bool is_address;

    friend std::ostream& operator<<(std::ostream& os, const accepted& a)
    {
        return os << '"' << a.text << '"';
    }
};

const accepted hosts[] = {
    {"example.org", "example.org", false},
    {"EXAMPLE.Org", "example.org", false},
    {"example.org.", "example.org", false},
    {"a", "a", false},
    {"_dmarc.example", "_dmarc.example", false},
    {"xn--bcher-kva.example", "xn--bcher-kva.example", false},
    {"1and1.example", "1and1.example", false},
    {"0xg", "0xg", false},
    {"127.0.0.1", "127.0.0.1", true},
    {"::1", "::1", true},
    {"[::1]", "::1", true},
    {"2001:DB8::1", "2001:db8::1", true},
    {"::ffff:192.0.2.1", "::ffff:192.0.2.1", true},
    {std::string(255, 'a'), "", false},
};

struct refused {
    std::string text;
    target_errc expected;

    friend std::ostream& operator<<(std::ostream& os, const refused& r)
    {
        return os << '"' << r.text << '"';
    }
};

const refused bad_hosts[] = {
    {"", target_errc::empty_host},
    {std::string(256, 'a'), target_errc::host_too_long},
    {"a b", target_errc::bad_host_octet},
    {"a\nb", target_errc::bad_host_octet},
    {std::string("a\0b", 3), target_errc::bad_host_octet},
    {"b\xc3\xbc"
     "cher",
     target_errc::bad_host_octet},
    {"a/b", target_errc::bad_host_octet},
    {"user@host", target_errc::bad_host_octet},
    {"a%2e", target_errc::bad_host_octet},
    {".", target_errc::bad_host_label},
    {".a", target_errc::bad_host_label},
    {"a..b", target_errc::bad_host_label},
    {"a..", target_errc::bad_host_label},
    {"[::1", target_errc::bad_host_label},
    {"[]", target_errc::bad_host_label},
    {"[127.0.0.1]", target_errc::bad_host_label},
    {"[example.org]", target_errc::bad_host_label},
    {"fe80::1%eth0", target_errc::bad_host_label},
    {"[fe80::1%1]", target_errc::bad_host_label},
    {":::", target_errc::bad_host_label},
    // Forms that inet_aton would read as an IPv4 address.
    {"127.1", target_errc::bad_host_label},
    {"2130706433", target_errc::bad_host_label},
    {"0x7f.0.0.1", target_errc::bad_host_label},
    {"0x7f000001", target_errc::bad_host_label},
    {"0X7F000001", target_errc::bad_host_label},
    {"256.0.0.1", target_errc::bad_host_label},
    {"1.2.3.4.5", target_errc::bad_host_label},
    {"example.1", target_errc::bad_host_label},
    {"127.0.0.1.", target_errc::bad_host_label},
};

const accepted targets[] = {
    {"example.org:80", "example.org:80", false},
    {"Example.org.:65535", "example.org:65535", false},
    {"192.0.2.1:1", "192.0.2.1:1", true},
    {"[2001:db8::1]:443", "[2001:db8::1]:443", true},
};

const refused bad_targets[] = {
    {"", target_errc::missing_port},
    {"example.org", target_errc::missing_port},
    {"[::1]", target_errc::missing_port},
    {"::1", target_errc::missing_port},
    {"2001:db8::1:443", target_errc::missing_port},
    {"example.org:", target_errc::bad_port},
    {"example.org:0", target_errc::bad_port},
    {"example.org:65536", target_errc::bad_port},
    {"example.org:-1", target_errc::bad_port},
    {"example.org:+1", target_errc::bad_port},
    {"example.org: 80", target_errc::bad_port},
    {"example.org:80x", target_errc::bad_port},
    {":80", target_errc::empty_host},
    {"[::1]x:80", target_errc::bad_host_label},
    {"a b:80", target_errc::bad_host_octet},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(target)

BOOST_DATA_TEST_CASE(hosts_are_read_in_one_form, data::make(hosts), sample)
{
    const auto host = penstock::parse_host(sample.text);
    BOOST_TEST_REQUIRE(host.has_value());
    BOOST_TEST(std::holds_alternative<penstock::ip_address>(*host) == sample.is_address);
    BOOST_TEST(
        penstock::to_string(*host) ==
        (sample.canonical.empty() ? sample.text : std::string(sample.canonical))
    );
}

BOOST_DATA_TEST_CASE(malformed_hosts_are_refused, data::make(bad_hosts), sample)
{
    const auto host = penstock::parse_host(sample.text);
    BOOST_TEST_REQUIRE(host.has_error());
    BOOST_TEST((host.error() == sample.expected));
}

BOOST_DATA_TEST_CASE(targets_are_read_and_written, data::make(targets), sample)
{
    const auto target = penstock::parse_target(sample.text);
    BOOST_TEST_REQUIRE(target.has_value());
    BOOST_TEST(std::holds_alternative<penstock::ip_address>(target->host) == sample.is_address);
    BOOST_TEST(to_string(*target) == sample.canonical);
    const auto again = penstock::parse_target(to_string(*target));
    BOOST_TEST_REQUIRE(again.has_value());
    BOOST_TEST((*again == *target));
}

BOOST_DATA_TEST_CASE(malformed_targets_are_refused, data::make(bad_targets), sample)
{
    const auto target = penstock::parse_target(sample.text);
    BOOST_TEST_REQUIRE(target.has_error());
    BOOST_TEST((target.error() == sample.expected));
}

BOOST_AUTO_TEST_CASE(errors_have_their_own_words)
{
    std::string seen;
    for (const auto e :
         {target_errc::empty_host,
          target_errc::host_too_long,
          target_errc::bad_host_octet,
          target_errc::bad_host_label,
          target_errc::missing_port,
          target_errc::bad_port}) {
        const auto text = make_error_code(e).message();
        BOOST_TEST(!text.starts_with("unrecognised"), text);
        BOOST_TEST(seen.find(text) == std::string::npos, text);
        seen += text + '\n';
    }
    BOOST_TEST(
        penstock::error_code(99, penstock::target_category()).message() ==
        "unrecognised target error"
    );
    BOOST_TEST(penstock::target_category().name() == "penstock.target");
}

BOOST_AUTO_TEST_CASE(mapped_addresses_are_plain_underneath)
{
    using boost::asio::ip::make_address;
    BOOST_TEST((penstock::unmapped(make_address("::ffff:192.0.2.1")) == make_address("192.0.2.1")));
    BOOST_TEST((penstock::unmapped(make_address("192.0.2.1")) == make_address("192.0.2.1")));
    BOOST_TEST((penstock::unmapped(make_address("2001:db8::1")) == make_address("2001:db8::1")));
    BOOST_TEST((penstock::unmapped(make_address("::192.0.2.1")) == make_address("::192.0.2.1")));
}

BOOST_AUTO_TEST_SUITE_END()
