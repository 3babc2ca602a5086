#pragma once

#include <penstock/socks/server.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <string_view>

namespace penstock::socks::test {

namespace data = boost::unit_test::data;

inline octets bytes(std::string_view text) { return {text.begin(), text.end()}; }

inline octets operator+(octets left, const octets& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// "05 01 00" as octets; blanks are for the reader.
inline octets hex(std::string_view digits)
{
    const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::string packed(digits);
    std::erase(packed, ' ');
    octets out;
    for (std::size_t at = 0; at + 1 < packed.size(); at += 2)
        out.push_back(static_cast<std::uint8_t>(value(packed[at]) << 4 | value(packed[at + 1])));
    return out;
}

/// What a client that does not wait for answers would see and leave behind.
struct script_outcome {
    octets sent;
    octets rest;
    server_step step = server_step::receive;
    penstock::error_code error;
    std::string destination;
    std::string user;
};

/// Gives `input` in pieces of `piece_octets` and answers authentication with alice:secret.
inline script_outcome play(bool password_required, const octets& input, std::size_t piece_octets)
{
    server machine(password_required);
    script_outcome out;
    octets held;
    const auto collect = [&] { out.sent = out.sent + machine.poll_output(); };
    const auto advance = [&] {
        while (machine.step() == server_step::receive) {
            const auto used = machine.handle_octets(held);
            collect();
            held.erase(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(used));
            if (machine.step() == server_step::authenticate) {
                machine.handle_verdict(machine.user() == "alice" && machine.password() == "secret");
                BOOST_TEST(machine.password().empty());
                collect();
            } else if (used == 0) {
                return;
            }
        }
    };
    for (std::size_t at = 0; at < input.size(); at += piece_octets) {
        const auto end = std::min(at + piece_octets, input.size());
        held.insert(
            held.end(),
            input.begin() + static_cast<std::ptrdiff_t>(at),
            input.begin() + static_cast<std::ptrdiff_t>(end)
        );
        advance();
    }
    out.rest = held;
    out.step = machine.step();
    out.error = machine.error();
    out.user = machine.user();
    if (machine.step() == server_step::open)
        out.destination = to_string(machine.destination());
    return out;
}

inline constexpr std::size_t whole = 1 << 20;
inline const auto pieces = data::make({std::size_t{1}, std::size_t{2}, std::size_t{3}, whole});

inline const octets no_auth = hex("0500");
inline const octets to_1234 = hex("0501 0001 01020304 0050");
inline const octets refused_v4 = hex("005b 0000 00000000");

inline octets reply(std::uint8_t code) { return {5, code, 0, 1, 0, 0, 0, 0, 0, 0}; }

}  // namespace penstock::socks::test
