#include <penstock/base/failure.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

namespace {

using penstock::describe;
using penstock::failure;

constexpr std::uint16_t last_failure = 17;

}  // namespace

BOOST_AUTO_TEST_SUITE(failures)

BOOST_AUTO_TEST_CASE(every_code_has_its_own_row)
{
    std::set<std::string_view> texts;
    for (std::uint16_t code = 0; code <= last_failure; ++code) {
        const auto& row = describe(static_cast<failure>(code));
        BOOST_TEST(static_cast<std::uint16_t>(row.code) == code);
        BOOST_TEST(texts.insert(row.text).second, row.text);
        BOOST_TEST(row.socks5_reply <= 8U);
        if (code == 0) {
            BOOST_TEST(row.http_status == 200U);
            BOOST_TEST(row.proxy_status_error.empty());
        } else {
            BOOST_TEST(row.socks5_reply >= 1U);
            BOOST_TEST(row.http_status >= 400U);
            BOOST_TEST(!row.proxy_status_error.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(clients_are_told_the_exact_cause)
{
    BOOST_TEST(describe(failure::denied).socks5_reply == 2U);
    BOOST_TEST(describe(failure::denied).http_status == 403U);
    BOOST_TEST(describe(failure::network_unreachable).socks5_reply == 3U);
    BOOST_TEST(describe(failure::host_unreachable).socks5_reply == 4U);
    BOOST_TEST(describe(failure::connection_refused).socks5_reply == 5U);
    BOOST_TEST(describe(failure::connection_refused).proxy_status_error == "connection_refused");
    BOOST_TEST(describe(failure::dial_timeout).socks5_reply == 6U);
    BOOST_TEST(describe(failure::dial_timeout).http_status == 504U);
    BOOST_TEST(describe(failure::command_not_supported).socks5_reply == 7U);
    BOOST_TEST(describe(failure::address_type_not_supported).socks5_reply == 8U);
    BOOST_TEST(describe(failure::name_not_found).proxy_status_error == "dns_error");
    BOOST_TEST(describe(failure::name_lookup_failed).proxy_status_error == "dns_timeout");
    BOOST_TEST(describe(failure::tunnel_unavailable).socks5_reply == 3U);
    BOOST_TEST(describe(failure::tunnel_unavailable).http_status == 503U);
}

BOOST_AUTO_TEST_CASE(an_unknown_code_is_a_general_failure)
{
    BOOST_TEST((describe(static_cast<failure>(last_failure + 1)).code == failure::general));
    BOOST_TEST((describe(static_cast<failure>(65'535)).code == failure::general));
}

BOOST_AUTO_TEST_SUITE_END()
