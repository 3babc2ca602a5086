#include <penstock/net/connector.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <ostream>

namespace net = penstock::net;
namespace data = boost::unit_test::data;
using penstock::error_code;
using penstock::failure;

BOOST_AUTO_TEST_SUITE(failures)

struct mapped {
    int error;
    failure expected;

    friend std::ostream& operator<<(std::ostream& os, const mapped& m)
    {
        return os << "errno " << m.error;
    }
};

const mapped mapped_errors[] = {
    {0, failure::none},
    {ECONNREFUSED, failure::connection_refused},
    {ETIMEDOUT, failure::dial_timeout},
    {EHOSTUNREACH, failure::host_unreachable},
    {EHOSTDOWN, failure::host_unreachable},
    {ENETUNREACH, failure::network_unreachable},
    {ENETDOWN, failure::network_unreachable},
    {EACCES, failure::denied},
    {EPERM, failure::denied},
    {EAFNOSUPPORT, failure::address_type_not_supported},
    {EMFILE, failure::overloaded},
    {ENFILE, failure::overloaded},
    {ENOBUFS, failure::overloaded},
    {EADDRNOTAVAIL, failure::overloaded},
    {ECONNRESET, failure::target_reset},
    {EBADF, failure::general},
};

BOOST_DATA_TEST_CASE(errors_are_mapped, data::make(mapped_errors), sample)
{
    const error_code ec(sample.error, boost::system::system_category());
    BOOST_TEST((net::to_failure(ec) == sample.expected));
}

BOOST_AUTO_TEST_SUITE_END()
