#include <boost/test/data/test_case.hpp>

#include <ostream>

#include "script.hpp"

namespace socks = penstock::socks;
using namespace std::string_view_literals;
using namespace penstock::socks::test;
using penstock::octets;
using socks::server_step;

namespace {

struct refused {
    std::string_view what;
    bool password_required;
    octets input;
    octets answers;
    penstock::error_code why;

    friend std::ostream& operator<<(std::ostream& os, const refused& row) { return os << row.what; }
};

octets name_request(std::string_view name_and_port)
{
    const auto length = static_cast<std::uint8_t>(name_and_port.size() - 2);
    return hex("050100 05010003") + octets{length} + bytes(name_and_port);
}

using errc = socks::errc;
const octets no_method = hex("05ff");
const octets wrong_password = hex("0502 0101");
const octets command_refused = no_auth + reply(7);
const octets no_such_host = no_auth + reply(4);

const refused refused_conversations[] = {
    {"an unknown version", false, hex("060100"), {}, errc::unsupported_version},
    {"no method at all", false, hex("0500"), no_method, errc::no_acceptable_method},
    {"only GSSAPI", false, hex("050101"), no_method, errc::no_acceptable_method},
    {"00 where a password is needed", true, hex("050100"), no_method, errc::no_acceptable_method},
    {"wrong password",
     true,
     hex("050102 0105") + bytes("alice\5wrong"sv),
     wrong_password,
     errc::wrong_credentials},
    {"credentials version 5", true, hex("050102 0505"), wrong_password, errc::malformed_credentials
    },
    {"empty user", true, hex("050102 0100 0178"), wrong_password, errc::malformed_credentials},
    {"empty password", true, hex("050102 010178 00"), wrong_password, errc::malformed_credentials},
    {"request version 4", false, hex("050100 0401"), no_auth + reply(1), errc::unsupported_version},
    {"BIND",
     false,
     hex("050100 05020001 01020304 0050"),
     command_refused,
     errc::command_not_supported},
    {"UDP ASSOCIATE from 0.0.0.0:0",
     false,
     hex("050100 05030001 00000000 0000"),
     command_refused,
     errc::command_not_supported},
    {"command 0",
     false,
     hex("050100 05000001 01020304 0050"),
     command_refused,
     errc::command_not_supported},
    {"address type 2",
     false,
     hex("050100 05010002"),
     no_auth + reply(8),
     errc::address_type_not_supported},
    {"port 0",
     false,
     hex("050100 05010001 01020304 0000"),
     no_auth + reply(1),
     errc::bad_destination},
    {"empty name", false, name_request("\0P"sv), no_such_host, errc::bad_destination},
    {"name with NUL", false, name_request("a\0b\0P"sv), no_such_host, errc::bad_destination},
    {"name with a newline", false, name_request("a\nb\0P"sv), no_such_host, errc::bad_destination},
    {"name that some resolvers take for an address",
     false,
     name_request("127.1\0P"sv),
     no_such_host,
     errc::bad_destination},
    {"SOCKS4 where a password is needed",
     true,
     hex("04010050 01020304 00"),
     refused_v4,
     errc::password_required},
    {"SOCKS4 BIND", false, hex("04020050 01020304 00"), refused_v4, errc::command_not_supported},
    {"SOCKS4, port 0", false, hex("04010000 01020304 00"), refused_v4, errc::bad_destination},
    {"SOCKS4, endless user-id",
     false,
     hex("04010050 01020304") + octets(256, 'u'),
     refused_v4,
     errc::field_too_long},
    {"SOCKS4a, endless host",
     false,
     hex("04010050 00000009 00") + octets(256, 'h'),
     refused_v4,
     errc::field_too_long},
    {"SOCKS4a, empty host", false, hex("04010050 00000009 0000"), refused_v4, errc::bad_destination
    },
};

}  // namespace

BOOST_AUTO_TEST_SUITE(server)

BOOST_DATA_TEST_CASE(
    request_is_refused_in_any_split, data::make(refused_conversations) * pieces, row, piece
)
{
    const auto out = play(row.password_required, row.input, piece);

    BOOST_TEST((out.step == server_step::finished));
    BOOST_TEST(out.error == row.why);
    BOOST_TEST(out.sent == row.answers, boost::test_tools::per_element());
    BOOST_TEST(!out.error.message().empty());
}

BOOST_AUTO_TEST_SUITE_END()
