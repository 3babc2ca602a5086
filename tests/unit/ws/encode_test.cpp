#include <boost/test/unit_test.hpp>

#include <random>

#include "feed.hpp"

namespace {

using namespace ws_test;

constexpr ws::mask_key key{0x01, 0x80, 0xfe, 0x5a};

octets random_octets(std::mt19937& random, std::size_t count)
{
    octets out(count);
    for (auto& o : out)
        o = static_cast<std::uint8_t>(random());
    return out;
}

/// `payload` as one frame, made with the header in the room before it.
octets framed(const octets& payload, std::optional<ws::mask_key> k)
{
    octets staging(ws::header_octets_max + payload.size());
    std::ranges::copy(payload, staging.begin() + ws::header_octets_max);
    const auto head = std::span(staging).first<ws::header_octets_max>();
    const auto used = ws::frame_in_place(
        head, penstock::mutable_bytes(staging).subspan(ws::header_octets_max), k
    );
    return {staging.end() - static_cast<std::ptrdiff_t>(payload.size() + used), staging.end()};
}

BOOST_AUTO_TEST_SUITE(encode)

BOOST_AUTO_TEST_CASE(mask_equals_the_octet_by_octet_one)
{
    std::mt19937 random(1);
    for (std::size_t length = 0; length < 200; ++length)
        for (std::size_t phase = 0; phase < 4; ++phase) {
            const auto plain = random_octets(random, length + 3);
            const auto offset = length % 4;  // every alignment
            auto masked = plain;
            ws::apply_mask(
                penstock::mutable_bytes(masked).subspan(std::min(offset, 3UL)), key, phase
            );
            auto expected = plain;
            for (std::size_t i = std::min(offset, 3UL); i < expected.size(); ++i)
                expected[i] ^= key[(i - std::min(offset, 3UL) + phase) % 4];
            BOOST_TEST(masked == expected);
        }
}

BOOST_AUTO_TEST_CASE(frames_at_each_change_of_length_form)
{
    std::mt19937 random(2);
    for (const std::size_t length : {0U, 1U, 125U, 126U, 127U, 65'535U, 65'536U, 200'000U}) {
        const auto payload = random_octets(random, length);
        const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
        BOOST_TEST((framed(payload, key) == frame(0x82, text, key)), length);
        BOOST_TEST((framed(payload, std::nullopt) == frame(0x82, text)), length);
    }
}

BOOST_AUTO_TEST_CASE(control_frames)
{
    octets out;
    ws::append_ping(out, to_octets("ping"), key);
    ws::append_pong(out, to_octets("pong"), std::nullopt);
    ws::append_pong(out, {}, key);
    BOOST_TEST((out == frame(0x89, "ping", key) + frame(0x8a, "pong") + frame(0x8a, "", key)));
}

BOOST_AUTO_TEST_CASE(close_frames)
{
    octets out;
    ws::append_close(out, ws::close_code::service_restart, "back soon", key);
    BOOST_TEST(
        (out == frame(
                    0x88,
                    "\x03\xf4"
                    "back soon",
                    key
                ))
    );
}

BOOST_AUTO_TEST_CASE(close_reason_is_cut_between_characters)
{
    octets out;
    const std::string reason = std::string(122, 'r') + "\xc3\xbc";  // 124 octets
    ws::append_close(out, ws::close_code::normal, reason, std::nullopt);
    BOOST_TEST(
        decode(ws::role::client, out).events.front() == "close:1000:" + std::string(122, 'r')
    );
}

BOOST_AUTO_TEST_CASE(random_round_trip)
{
    std::mt19937 random(3);
    octets wire;
    std::vector<std::string> expected;
    for (int i = 0; i < 100; ++i) {
        const auto small = random() % 3 != 0;
        const auto payload = random_octets(random, random() % (small ? 300 : 70'000));
        const ws::mask_key fresh{
            static_cast<std::uint8_t>(random()),
            static_cast<std::uint8_t>(random()),
            static_cast<std::uint8_t>(random()),
            static_cast<std::uint8_t>(random())
        };
        wire = std::move(wire) + framed(payload, fresh);
        expected.push_back("data:" + text_of(payload));
        if (random() % 4 == 0) {
            const auto probe = random_octets(random, random() % 126);
            ws::append_ping(wire, probe, fresh);
            expected.push_back("ping:" + text_of(probe));
        }
    }
    for (const std::size_t step : {1UL, 61UL, 1460UL, 16'384UL, wire.size()})
        BOOST_TEST((decode(ws::role::server, wire, step).events == expected), step);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
