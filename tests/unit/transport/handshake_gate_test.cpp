#include <penstock/transport/handshake_gate.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

namespace {

using namespace penstock::transport;
using namespace std::chrono_literals;

penstock::ip_address at(const char* text) { return boost::asio::ip::make_address(text); }

BOOST_AUTO_TEST_SUITE(gate)

BOOST_AUTO_TEST_CASE(refuses_the_newest)
{
    handshake_gate gate({.half_open_max = 2, .half_open_per_address_max = 2});
    auto a = gate.enter(at("192.0.2.1"));
    auto b = gate.enter(at("192.0.2.2"));
    BOOST_TEST((a && b));
    BOOST_TEST(!gate.enter(at("192.0.2.3")));
    a->leave();
    a->leave();  // harmless
    BOOST_TEST(gate.half_open() == 1U);
    {
        const auto c = gate.enter(at("192.0.2.3"));
        BOOST_TEST(c.has_value());
    }
    BOOST_TEST(gate.half_open() == 1U);
}

BOOST_AUTO_TEST_CASE(counts_by_address_and_prefix)
{
    handshake_gate gate({.half_open_max = 100, .half_open_per_address_max = 1});
    const auto v4 = gate.enter(at("192.0.2.1"));
    BOOST_TEST(v4.has_value());
    BOOST_TEST(!gate.enter(at("192.0.2.1")));
    BOOST_TEST(!gate.enter(at("::ffff:192.0.2.1")));  // the same address
    const auto v6 = gate.enter(at("2001:db8:0:1::1"));
    BOOST_TEST(v6.has_value());
    BOOST_TEST(!gate.enter(at("2001:db8:0:1:ffff::2")));  // the same /64
    BOOST_TEST(gate.enter(at("2001:db8:0:2::1")).has_value());
    BOOST_TEST(gate.half_open() == 2U);  // a refused one has left nothing behind
}

BOOST_AUTO_TEST_CASE(loopback_is_limited_in_total_only)
{
    handshake_gate gate({.half_open_max = 3, .half_open_per_address_max = 1});
    std::vector<handshake_gate::place> places;
    for (int i = 0; i < 3; ++i) {
        auto place = gate.enter(at("127.0.0.1"));
        BOOST_TEST_REQUIRE(place.has_value());
        places.push_back(std::move(*place));
    }
    BOOST_TEST(!gate.enter(at("::1")));
}

BOOST_AUTO_TEST_CASE(reports_are_bounded_and_counted)
{
    handshake_gate gate({.reports_per_second_max = 2});
    const auto begin = penstock::io::clock::now();
    BOOST_TEST(gate.may_report(begin).value() == 0U);
    BOOST_TEST(gate.may_report(begin).value() == 0U);
    BOOST_TEST(!gate.may_report(begin));
    BOOST_TEST(!gate.may_report(begin + 999ms));
    BOOST_TEST(gate.may_report(begin + 1s).value() == 2U);
    BOOST_TEST(gate.may_report(begin + 1s).value() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
