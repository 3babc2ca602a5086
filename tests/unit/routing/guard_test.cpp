#include <penstock/routing/policy.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>

namespace {

namespace routing = penstock::routing;
namespace data = boost::unit_test::data;
using boost::asio::ip::make_address;
using routing::guard;

struct guarded_row {
    const char* address;
    guard expected;

    friend std::ostream& operator<<(std::ostream& os, const guarded_row& r)
    {
        return os << r.address;
    }
};

const guarded_row guarded_rows[] = {
    {"127.0.0.1", guard::loopback},
    {"127.255.255.255", guard::loopback},
    {"128.0.0.0", guard::none},
    {"126.255.255.255", guard::none},
    {"::1", guard::loopback},
    {"::ffff:127.0.0.1", guard::loopback},
    {"169.254.0.1", guard::link_local},
    {"169.255.0.1", guard::none},
    {"fe80::1", guard::link_local},
    {"febf::1", guard::link_local},
    {"fec0::1", guard::none},
    {"0.0.0.0", guard::unspecified},
    {"0.1.2.3", guard::unspecified},
    {"1.0.0.0", guard::none},
    {"::", guard::unspecified},
    {"224.0.0.1", guard::multicast},
    {"239.255.255.255", guard::multicast},
    {"223.255.255.255", guard::none},
    {"ff02::1", guard::multicast},
    {"255.255.255.255", guard::broadcast},
    {"255.255.255.254", guard::none},
    {"169.254.169.254", guard::metadata},
    {"::ffff:169.254.169.254", guard::metadata},
    {"100.100.100.200", guard::metadata},
    {"192.0.0.192", guard::metadata},
    {"168.63.129.16", guard::metadata},
    {"fd00:ec2::254", guard::metadata},
    {"fd00:ec2::253", guard::none},
    {"10.0.0.1", guard::none},
    {"192.168.0.1", guard::none},
    {"2001:db8::1", guard::none},
};

struct embedded_row {
    const char* address;
    const char* expected;  ///< empty: none

    friend std::ostream& operator<<(std::ostream& os, const embedded_row& r)
    {
        return os << r.address;
    }
};

const embedded_row embedded_rows[] = {
    {"64:ff9b::7f00:1", "127.0.0.1"},
    {"64:ff9b::10.0.0.1", "10.0.0.1"},
    {"64:ff9b:1::7f00:1", "127.0.0.1"},
    {"64:ff9b:2::7f00:1", ""},
    {"64:ff9b:0:1::7f00:1", ""},
    {"2002:7f00:1::", "127.0.0.1"},
    {"2002:a9fe:a9fe::1", "169.254.169.254"},
    {"2003:7f00:1::", ""},
    {"::7f00:1", "127.0.0.1"},
    {"::1", ""},
    {"::", ""},
    {"::ffff:127.0.0.1", ""},
    {"2001:db8::7f00:1", ""},
    {"127.0.0.1", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(guards)

BOOST_DATA_TEST_CASE(guarded_addresses_are_known, data::make(guarded_rows), sample)
{
    BOOST_TEST((routing::guard_of(make_address(sample.address)) == sample.expected));
}

BOOST_DATA_TEST_CASE(embedded_addresses_are_found, data::make(embedded_rows), sample)
{
    const auto found = routing::embedded_v4(make_address(sample.address));
    BOOST_TEST((found ? found->to_string() : "") == sample.expected);
}

BOOST_AUTO_TEST_SUITE_END()
