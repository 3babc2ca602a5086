#define BOOST_TEST_MODULE socks
#include <boost/asio/ip/address.hpp>
#include <boost/test/data/test_case.hpp>

#include <ostream>

#include "script.hpp"

namespace socks = penstock::socks;
using namespace std::string_view_literals;
using namespace penstock::socks::test;
using penstock::failure;
using penstock::octets;
using socks::server_step;

namespace {

struct accepted {
    std::string_view what;
    bool password_required;
    octets input;
    octets answers;
    std::string_view destination;
    std::string_view user = "";

    friend std::ostream& operator<<(std::ostream& os, const accepted& row)
    {
        return os << row.what;
    }
};

const accepted accepted_conversations[] = {
    {"SOCKS5, IPv4", false, hex("050100 05010001 c0000207 01bb"), no_auth, "192.0.2.7:443"},
    {"SOCKS5, IPv6",
     false,
     hex("050100 05010004 20010db8000000000000000000000001 0050"),
     no_auth,
     "[2001:db8::1]:80"},
    {"SOCKS5, name in capitals with a trailing dot",
     false,
     hex("050100 05010003 08") + bytes("Example.\0P"sv),
     no_auth,
     "example:80"},
    {"SOCKS5, a literal address in the name field is an address",
     false,
     hex("050100 05010003 09") + bytes("127.0.0.1\0\x16"sv),
     no_auth,
     "127.0.0.1:22"},
    {"SOCKS5, two methods, none needed", false, hex("05020200") + to_1234, no_auth, "1.2.3.4:80"},
    {"SOCKS5, reserved octet set",
     false,
     hex("050100 050109 01 01020304 0050"),
     no_auth,
     "1.2.3.4:80"},
    {"SOCKS5, 255 methods",
     false,
     hex("05ff") + octets(254, 7) + octets{0} + to_1234,
     no_auth,
     "1.2.3.4:80"},
    {"SOCKS5, user and password",
     true,
     hex("05020002 0105") + bytes("alice\6secret"sv) + to_1234,
     hex("0502 0100"),
     "1.2.3.4:80",
     "alice"},
    {"SOCKS5, only a password offered where none is needed: taken, not believed",
     false,
     hex("050102 0103") + bytes("eve\1x"sv) + to_1234,
     hex("0502 0100"),
     "1.2.3.4:80"},
    {"SOCKS4 with user-id", false, hex("04010050 c0000207 6d6500"), {}, "192.0.2.7:80"},
    {"SOCKS4 with empty user-id", false, hex("04010050 c0000207 00"), {}, "192.0.2.7:80"},
    {"SOCKS4, 0.0.0.0 is an address", false, hex("04010050 00000000 00"), {}, "0.0.0.0:80"},
    {"SOCKS4a",
     false,
     hex("040101bb 00000001") + bytes("me\0example.org\0"sv),
     {},
     "example.org:443"},
    {"SOCKS4a, longest fields",
     false,
     hex("040101bb 00000001") + octets(255, 'u') + octets{0} + octets(255, 'h') + octets{0},
     {},
     ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(server)

BOOST_DATA_TEST_CASE(
    request_is_understood_in_any_split, data::make(accepted_conversations) * pieces, row, piece
)
{
    const auto early = bytes("GET / early data\0\5\4"sv);
    const auto out = play(row.password_required, row.input + early, piece);

    BOOST_TEST_REQUIRE((out.step == server_step::open));
    BOOST_TEST(!out.error);
    BOOST_TEST(out.sent == row.answers, boost::test_tools::per_element());
    BOOST_TEST(
        out.destination ==
        (row.destination.empty() ? std::string(255, 'h') + ":443" : row.destination)
    );
    BOOST_TEST(out.user == row.user);
    BOOST_TEST(out.rest == early, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(
    incomplete_conversation_waits, data::make(accepted_conversations) * pieces, row, piece
)
{
    auto input = row.input;
    input.pop_back();
    const auto out = play(row.password_required, input, piece);

    BOOST_TEST((out.step == server_step::receive));
    BOOST_TEST(!out.error);
    BOOST_TEST(out.rest.size() < socks::client_message_octets_max);
}

struct told {
    failure code;
    std::uint8_t reply_v5;

    friend std::ostream& operator<<(std::ostream& os, const told& row)
    {
        return os << describe(row.code).text;
    }
};

const told told_rows[] = {
    {failure::none, 0},
    {failure::general, 1},
    {failure::denied, 2},
    {failure::network_unreachable, 3},
    {failure::host_unreachable, 4},
    {failure::connection_refused, 5},
    {failure::dial_timeout, 6},
    {failure::name_not_found, 4},
    {failure::name_lookup_failed, 4},
    {failure::overloaded, 1},
    {failure::tunnel_unavailable, 3},
};

BOOST_DATA_TEST_CASE(outcome_is_told_exactly, data::make(told_rows), row)
{
    socks::server v5(false);
    BOOST_TEST(v5.handle_octets(octets{5, 1, 0}) == 3u);
    BOOST_TEST(v5.handle_octets(octets{5, 1, 0, 1, 1, 2, 3, 4, 0, 80}) == 10u);
    BOOST_TEST(v5.poll_output() == no_auth, boost::test_tools::per_element());
    v5.handle_outcome(row.code);
    BOOST_TEST(v5.poll_output() == reply(row.reply_v5), boost::test_tools::per_element());
    BOOST_TEST(v5.poll_output().empty());
    BOOST_TEST((v5.step() == server_step::finished));

    socks::server v4(false);
    BOOST_TEST(v4.handle_octets(octets{4, 1, 0, 80, 1, 2, 3, 4, 0}) == 9u);
    v4.handle_outcome(row.code);
    const auto granted = hex("005a 0000 00000000");
    BOOST_TEST(
        v4.poll_output() == (row.code == failure::none ? granted : refused_v4),
        boost::test_tools::per_element()
    );
}

BOOST_AUTO_TEST_CASE(bound_endpoint_is_told)
{
    namespace ip = boost::asio::ip;
    const auto ask = [](const octets& request, socks::bound_endpoint bound) {
        socks::server machine(false);
        if (request[0] == 5)
            BOOST_TEST(machine.handle_octets(octets{5, 1, 0}) == 3u);
        BOOST_TEST(machine.handle_octets(request) == request.size());
        (void)machine.poll_output();
        machine.handle_outcome(failure::none, bound);
        return machine.poll_output();
    };
    const octets v5{5, 1, 0, 1, 1, 2, 3, 4, 0, 80};
    const octets v4{4, 1, 0, 80, 1, 2, 3, 4, 0};
    const socks::bound_endpoint bound_v4{ip::make_address("198.51.100.9"), 0x1234};
    const socks::bound_endpoint bound_v6{ip::make_address("::1"), 0x1234};

    const octets v5_v4{5, 0, 0, 1, 198, 51, 100, 9, 0x12, 0x34};
    const octets v5_v6{5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x12, 0x34};
    const octets v4_v4{0, 0x5a, 0x12, 0x34, 198, 51, 100, 9};
    const octets v4_v6{0, 0x5a, 0, 0, 0, 0, 0, 0};  // SOCKS4 cannot say it
    BOOST_TEST(ask(v5, bound_v4) == v5_v4, boost::test_tools::per_element());
    BOOST_TEST(ask(v5, bound_v6) == v5_v6, boost::test_tools::per_element());
    BOOST_TEST(ask(v4, bound_v4) == v4_v4, boost::test_tools::per_element());
    BOOST_TEST(ask(v4, bound_v6) == v4_v6, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
