// Beast's WebSocket as the oracle: what it writes we read, what we write it reads.
#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

#include "feed.hpp"

namespace {

using namespace ws_test;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using raw_stream = beast::test::stream;

/// A Beast endpoint that has shaken hands, and the bare other end of its connection.
struct oracle {
    boost::asio::io_context context;
    raw_stream raw{context};
    websocket::stream<raw_stream> beast{context};

    /// `beast_role` is the one that Beast plays.
    explicit oracle(ws::role beast_role)
    {
        websocket::stream<raw_stream> other(context);
        beast.next_layer().connect(other.next_layer());
        auto& client = beast_role == ws::role::client ? beast : other;
        auto& server = beast_role == ws::role::client ? other : beast;
        int done = 0;
        client.async_handshake("host", "/", [&](penstock::error_code ec) { done += !ec; });
        server.async_accept([&](penstock::error_code ec) { done += !ec; });
        context.run();
        context.restart();
        BOOST_TEST_REQUIRE(done == 2);
        raw = std::move(other.next_layer());
        beast.binary(true);
        beast.read_message_max(0);
    }

    /// All that Beast has written.
    octets taken()
    {
        const auto buffers = raw.buffer().cdata();
        const auto* const at = static_cast<const std::uint8_t*>(buffers.data());
        octets out(at, at + buffers.size());
        raw.buffer().consume(out.size());
        return out;
    }

    void give(const octets& wire) { boost::asio::write(raw, boost::asio::buffer(wire)); }
};

std::string pattern(std::size_t length)
{
    std::mt19937 random(static_cast<unsigned>(length));
    std::string text(length, ' ');
    for (auto& c : text)
        c = static_cast<char>(random());
    return text;
}

constexpr std::size_t lengths[] = {0, 1, 125, 126, 65'535, 65'536, 300'000};

BOOST_AUTO_TEST_SUITE(beast_oracle)

BOOST_AUTO_TEST_CASE(we_read_what_beast_writes)
{
    for (const auto beast_role : {ws::role::client, ws::role::server}) {
        const auto ours = beast_role == ws::role::client ? ws::role::server : ws::role::client;
        oracle o(beast_role);
        std::vector<std::string> expected;
        o.beast.write_buffer_bytes(4096);  // with auto_fragment: long messages come in many frames
        for (const auto length : lengths) {
            const auto text = pattern(length);
            o.beast.auto_fragment(length % 2 == 0);
            o.beast.write(boost::asio::buffer(text));
            expected.push_back("data:" + text);
        }
        o.beast.write_some(false, boost::asio::buffer("abc", 3));
        o.beast.ping("are you there");
        o.beast.write_some(true, boost::asio::buffer("def", 3));
        o.beast.pong("unasked");
        expected.insert(expected.end(), {"ping:are you there", "data:abcdef", "pong:unasked"});

        bool closed = false;
        const websocket::close_reason reason(websocket::going_away, "bye");
        o.beast.async_close(reason, [&](penstock::error_code) { closed = true; });
        o.context.poll();
        expected.emplace_back("close:1001:bye");

        const auto wire = o.taken();
        for (const std::size_t step : {1UL, 1000UL, wire.size()})
            BOOST_TEST((decode(ours, wire, step).events == expected), step);

        octets answer;
        const auto key = ours == ws::role::client ? std::optional(ws::mask_key{1, 2, 3, 4})
                                                  : std::optional<ws::mask_key>{};
        ws::append_close(answer, ws::close_code::going_away, {}, key);
        o.give(answer);
        o.context.restart();
        o.context.poll();
        BOOST_TEST(closed);
    }
}

BOOST_AUTO_TEST_CASE(beast_reads_what_we_write)
{
    for (const auto ours : {ws::role::client, ws::role::server}) {
        oracle o(ours == ws::role::client ? ws::role::server : ws::role::client);
        const auto key = ours == ws::role::client ? std::optional(ws::mask_key{0xde, 0xad, 0, 0xff})
                                                  : std::optional<ws::mask_key>{};
        std::vector<std::string> controls;
        o.beast.control_callback([&](websocket::frame_type type, beast::string_view payload) {
            const auto* const name = type == websocket::frame_type::ping   ? "ping:"
                                     : type == websocket::frame_type::pong ? "pong:"
                                                                           : "close:";
            controls.push_back(name + std::string(payload));
        });
        for (const auto length : lengths) {
            const auto text = pattern(length);
            octets staging(ws::header_octets_max + length);
            std::ranges::copy(text, staging.begin() + ws::header_octets_max);
            const auto used = ws::frame_in_place(
                std::span(staging).first<ws::header_octets_max>(),
                penstock::mutable_bytes(staging).subspan(ws::header_octets_max),
                key
            );
            octets wire;
            ws::append_ping(wire, to_octets("hello"), key);
            wire.insert(
                wire.end(),
                staging.begin() + static_cast<std::ptrdiff_t>(ws::header_octets_max - used),
                staging.end()
            );
            o.give(wire);
            beast::flat_buffer got;
            BOOST_TEST(o.beast.read(got) == length);
            BOOST_TEST(o.beast.got_binary());
            BOOST_TEST((beast::buffers_to_string(got.data()) == text));
        }
        BOOST_TEST(controls.size() == std::size(lengths));
        BOOST_TEST(controls.front() == "ping:hello");

        octets wire;
        ws::append_close(wire, ws::close_code::try_again_later, "later", key);
        o.give(wire);
        beast::flat_buffer got;
        penstock::error_code ec;
        o.beast.read(got, ec);
        BOOST_TEST((ec == websocket::error::closed));
        BOOST_TEST(o.beast.reason().code == 1013);
        BOOST_TEST(o.beast.reason().reason == "later");
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
