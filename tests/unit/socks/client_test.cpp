#include <penstock/socks/client.hpp>
#include <penstock/socks/server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>

namespace socks = penstock::socks;
namespace data = boost::unit_test::data;
using penstock::octets;
using socks::client_step;

namespace {

const auto target = penstock::parse_target("example.org:443").value();
const auto pieces = data::make({std::size_t{1}, std::size_t{2}, std::size_t{1} << 20});

struct script_outcome {
    octets sent;
    octets rest;
};

script_outcome play(socks::client& machine, const octets& input, std::size_t piece_octets)
{
    script_outcome out;
    octets held;
    const auto collect = [&] {
        const auto more = machine.poll_output();
        out.sent.insert(out.sent.end(), more.begin(), more.end());
    };
    collect();
    for (std::size_t at = 0; at < input.size(); at += piece_octets) {
        const auto count = std::min(piece_octets, input.size() - at);
        const auto begin = input.begin() + static_cast<std::ptrdiff_t>(at);
        held.insert(held.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
        while (const auto used = machine.handle_octets(held)) {
            held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(used));
            collect();
        }
    }
    out.rest = held;
    return out;
}

struct answer {
    std::string_view what;
    bool with_login;
    octets input;
    penstock::error_code why;
    std::uint8_t refusal = 0;

    friend std::ostream& operator<<(std::ostream& os, const answer& row) { return os << row.what; }
};

const answer refusals[] = {
    {"not SOCKS at all", false, {'H', 'T', 'T', 'P'}, socks::errc::malformed_reply},
    {"no method", false, {5, 0xff}, socks::errc::methods_refused},
    {"a method that was not offered", false, {5, 2}, socks::errc::malformed_reply},
    {"wrong password", true, {5, 2, 1, 1}, socks::errc::credentials_refused},
    {"reply with version 4", false, {5, 0, 4}, socks::errc::malformed_reply},
    {"refused by the target",
     false,
     {5, 0, 5, 5, 0, 1, 0, 0, 0, 0, 0, 0},
     socks::errc::request_refused,
     5},
    {"refused, the rest missing", false, {5, 0, 5, 2}, socks::errc::request_refused, 2},
    {"unknown address type", false, {5, 0, 5, 0, 0, 2, 0}, socks::errc::malformed_reply},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(client)

BOOST_DATA_TEST_CASE(connects_without_login, pieces, piece)
{
    socks::client machine(target, std::nullopt);
    const octets input{5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 0, 80, 'S', 'S', 'H'};
    const auto out = play(machine, input, piece);

    octets expected{5,   1,   0,   5,   1,   0,   3,   11,  'e', 'x', 'a',
                    'm', 'p', 'l', 'e', '.', 'o', 'r', 'g', 1,   187};
    BOOST_TEST((machine.step() == client_step::connected));
    BOOST_TEST(out.sent == expected, boost::test_tools::per_element());
    BOOST_TEST(std::string(out.rest.begin(), out.rest.end()) == "SSH");
}

BOOST_DATA_TEST_CASE(connects_with_login, pieces, piece)
{
    socks::client machine(
        penstock::parse_target("[2001:db8::1]:80").value(), socks::credentials{"me", "pw"}
    );
    const octets input{
        5, 2, 5, 0, 5, 0, 0, 3, 2, 'a', 'b', 0, 80
    };  // a proxy that answers RFC 1929 with version 5
    const auto out = play(machine, input, piece);

    const octets expected{5,   2,    0, 2, 1, 2, 'm', 'e', 2, 'p', 'w', 5, 1, 0, 4, 0x20, 1,
                          0xd, 0xb8, 0, 0, 0, 0, 0,   0,   0, 0,   0,   0, 0, 1, 0, 80};
    BOOST_TEST((machine.step() == client_step::connected));
    BOOST_TEST(out.sent == expected, boost::test_tools::per_element());
    BOOST_TEST(out.rest.empty());
}

BOOST_DATA_TEST_CASE(login_is_not_sent_unasked, pieces, piece)
{
    socks::client machine(
        penstock::parse_target("192.0.2.1:80").value(), socks::credentials{"me", "pw"}
    );
    const octets input{5, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80};
    const auto out = play(machine, input, piece);

    const octets expected{5, 2, 0, 2, 5, 1, 0, 1, 192, 0, 2, 1, 0, 80};
    BOOST_TEST((machine.step() == client_step::connected));
    BOOST_TEST(out.sent == expected, boost::test_tools::per_element());
}

BOOST_DATA_TEST_CASE(refusal_is_explained, data::make(refusals) * pieces, row, piece)
{
    const auto login =
        row.with_login ? std::optional(socks::credentials{"me", "pw"}) : std::nullopt;
    socks::client machine(target, login);
    play(machine, row.input, piece);

    BOOST_TEST((machine.step() == client_step::failed));
    BOOST_TEST(machine.error() == row.why);
    BOOST_TEST(int{machine.refusal()} == int{row.refusal});
    BOOST_TEST(!machine.error().message().empty());
}

BOOST_AUTO_TEST_CASE(login_length_is_checked_before_anything_is_sent)
{
    for (const auto& login :
         {socks::credentials{"", "x"},
          socks::credentials{"x", ""},
          socks::credentials{std::string(256, 'x'), "x"},
          socks::credentials{"x", std::string(256, 'x')}}) {
        socks::client machine(target, login);
        BOOST_TEST((machine.step() == client_step::failed));
        BOOST_TEST(machine.error() == penstock::error_code(socks::errc::bad_credentials_length));
        BOOST_TEST(machine.poll_output().empty());
    }
}

BOOST_AUTO_TEST_CASE(both_sides_understand_each_other)
{
    socks::client near(target, socks::credentials{"alice", "secret"});
    socks::server far(true);
    octets to_far = near.poll_output();
    while (far.step() != socks::server_step::finished) {
        const auto used = far.handle_octets(to_far);
        to_far.erase(to_far.begin(), to_far.begin() + static_cast<std::ptrdiff_t>(used));
        if (far.step() == socks::server_step::authenticate)
            far.handle_verdict(far.user() == "alice" && far.password() == "secret");
        if (far.step() == socks::server_step::open) {
            BOOST_TEST((far.destination() == target));
            far.handle_outcome(penstock::failure::none);
        }
        const auto to_near = far.poll_output();
        BOOST_TEST_REQUIRE(near.handle_octets(to_near) == to_near.size());
        const auto more = near.poll_output();
        to_far.insert(to_far.end(), more.begin(), more.end());
    }
    BOOST_TEST((near.step() == client_step::connected));
}

BOOST_AUTO_TEST_CASE(reply_codes_have_words)
{
    BOOST_TEST(socks::describe_reply(5) == "connection refused");
    BOOST_TEST(socks::describe_reply(8) == "address type not supported");
    BOOST_TEST(socks::describe_reply(9) == "unassigned reply code");
}

BOOST_AUTO_TEST_SUITE_END()
