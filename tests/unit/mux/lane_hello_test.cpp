#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "scripted_lane.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;

mux::hello peer_hello(side role = side::accepting)
{
    mux::hello h;
    h.role = role;
    h.streams_max = 100;
    return h;
}

octets malformed_hello()
{
    auto h = hello_frame(peer_hello());
    h[8] = 'X';
    return h;
}

struct sample {
    std::string_view what;
    octets frames;
    std::string events;

    friend std::ostream& operator<<(std::ostream& os, const sample& s) { return os << s.what; }
};

octets hello_with_payload_max(std::uint32_t bytes)
{
    auto h = peer_hello();
    h.payload_bytes_max = bytes;
    return hello_frame(h);
}

octets hello_on_stream(std::uint8_t id)
{
    auto h = hello_frame(peer_hello());
    h[7] = id;
    return h;
}

octets hello_err()
{
    octets out;
    mux::append_hello_err(out, {{11, "full"}, 1'000, ""});
    return out;
}

octets lane_err(std::uint16_t code)
{
    octets out;
    mux::append_reason(out, frame_type::lane_err, mux::stream_id{}, {code, "why"});
    return out;
}

const sample first_frames[] = {
    {"HELLO", hello_frame(peer_hello()), "ready"},
    {"HELLO twice", hello_frame(peer_hello()) + hello_frame(peer_hello()), "ready; error 33"},
    {"HELLO of our own role", hello_frame(peer_hello(side::connecting)), "error 33"},
    {"malformed HELLO", malformed_hello(), "error 33"},
    {"HELLO on a stream", hello_on_stream(1), "error 33"},
    {"HELLO with frames too small to work with", hello_with_payload_max(1'023), "error 33"},
    {"HELLO with the smallest frames", hello_with_payload_max(1'024), "ready"},
    {"HELLO_ERR", hello_err(), "refused by peer 11 \"full\""},
    {"HELLO_ERR behind HELLO", hello_frame(peer_hello()) + hello_err(), "ready; error 33"},
    {"LANE_ERR", lane_err(34), "ended by error 34 \"why\""},
    {"OPEN", open_frame(2), "error 33"},
    {"DATA", data_frame(1, 1), "error 33"},
    {"PING", u64_frame(frame_type::ping, 1), "error 33"},
    {"ACK", u64_frame(frame_type::ack, 0), "error 33"},
    {"PAD", raw_frame(0x4f, 0, {}), "error 33"},
    {"an ignorable frame", raw_frame(0xc0, 0, {}), "error 33"},
    {"an ignorable sequenced frame", raw_frame(0x80, 0, {}), "error 33"},
    {"what is no frame of ours",
     {'G', 'E', 'T', ' ', '/', '\r', '\n', '\r', '\n'},
     "error at the message's end"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(greeting)

BOOST_DATA_TEST_CASE(
    the_first_frame_is_hello,
    data::make(first_frames) * data::make({1U << 20, 1U}),
    sample,
    piece_bytes
)
{
    scripted_lane l;
    l.piece_bytes = piece_bytes;
    BOOST_TEST(l.receive(sample.frames) == sample.events);
}

BOOST_AUTO_TEST_CASE(nothing_leaves_before_hello)
{
    scripted_lane l({.role = side::accepting});
    BOOST_TEST(
        l.receive(hello_frame(peer_hello(side::connecting)) + open_frame(1)) ==
        "ready; requested 1 example.org:80 0"
    );
    l.accept(1);
    l.supply(1, 10);
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.sent_all().empty());
    l.lane.send_hello(peer_hello(side::accepting));
    BOOST_TEST(l.lane.wants_to_send());
    BOOST_TEST(l.sent() == "HELLO; OPEN_OK 1 limit=65536; DATA 1 10");
}

BOOST_AUTO_TEST_CASE(a_refusal_of_the_lane_is_all_that_is_said)
{
    scripted_lane l({.role = side::accepting});
    BOOST_TEST(
        l.receive(hello_frame(peer_hello(side::connecting)) + open_frame(1)) ==
        "ready; requested 1 example.org:80 0"
    );
    l.accept(1);
    l.lane.send_hello_error({{11, "full"}, 1'000, ""});
    BOOST_TEST(l.sent_all() == "HELLO_ERR 11 \"full\"");
    BOOST_TEST(l.sent_all().empty());
}

BOOST_AUTO_TEST_CASE(sixteen_opens_with_early_data_may_go_with_hello)
{
    scripted_lane l;
    l.lane.send_hello(peer_hello(side::connecting));
    for (std::uint32_t i = 0; i < 16; ++i)
        BOOST_TEST(l.open() == 2 * i + 1);
    BOOST_TEST(!l.lane.can_open());
    BOOST_TEST(l.open() == 0U);
    l.supply(1, 100'000);
    const auto words = l.sent();
    BOOST_TEST(words.starts_with("HELLO; OPEN 1 "));
    BOOST_TEST(words.ends_with("OPEN 31 example.org:80 limit=65536; DATA 1 16384"));

    auto peer = peer_hello();
    peer.streams_max = 17;
    BOOST_TEST(l.receive(hello_frame(peer)) == "ready");
    BOOST_TEST(l.open() == 33U);
    BOOST_TEST(l.open() == 0U);
}

BOOST_AUTO_TEST_CASE(a_grant_below_sixteen_counts_as_sixteen)
{
    scripted_lane l;
    auto peer = peer_hello();
    peer.streams_max = 3;
    l.greet(peer);
    for (int i = 0; i < 16; ++i)
        BOOST_TEST(l.open() != 0U);
    BOOST_TEST(l.open() == 0U);

    scripted_lane server({.role = side::accepting, .streams_max = 3});
    server.greet();
    for (std::uint32_t i = 0; i < 16; ++i)
        BOOST_TEST(server.receive(open_frame(2 * i + 1)).starts_with("requested"));
    BOOST_TEST(server.receive(open_frame(33)) == "error 36");
}

BOOST_AUTO_TEST_CASE(early_credit_below_16_KiB_counts_as_16_KiB)
{
    // The peer may have used it before it heard of our figure.
    scripted_lane server(
        {.role = side::accepting, .init_limit_bytes = 1'000, .first_window_bytes = 1'000}
    );
    server.greet();
    BOOST_TEST(server.receive(open_frame(1, 16'384)) == "requested 1 example.org:80 16384");
    BOOST_TEST(server.receive(open_frame(3, 16'385)) == "error 32");

    scripted_lane client;
    auto peer = peer_hello();
    peer.init_limit_bytes = 1'000;
    client.greet(peer);
    BOOST_TEST(client.open() == 1U);
    client.supply(1, 100'000);
    BOOST_TEST(client.sent() == "OPEN 1 example.org:80 limit=65536; DATA 1 16384");
}

BOOST_AUTO_TEST_CASE(hello_says_what_the_lane_will_hold_the_peer_to)
{
    scripted_lane l({.role = side::accepting, .streams_max = 77, .init_limit_bytes = 20'000});
    l.lane.send_hello({});
    const auto message = l.take_message();
    const auto told = mux::decode_hello(byte_view(message).subspan(8)).value();
    BOOST_TEST((told.role == side::accepting));
    BOOST_TEST(told.streams_max == 77U);
    BOOST_TEST(told.init_limit_bytes == 20'000U);
}

BOOST_AUTO_TEST_CASE(data_frames_are_no_larger_than_the_peer_takes)
{
    for (const auto& [peer_max, expected] :
         {std::pair{1'024U, "1024"}, {20'000U, "20000"}, {1'000'000U, "61440"}}) {
        scripted_lane l;
        auto peer = peer_hello();
        peer.payload_bytes_max = peer_max;
        l.greet(peer);
        l.lane.set_chunk_bytes(200'000);
        BOOST_TEST(l.open() == 1U);
        (void)l.sent();
        BOOST_TEST(l.receive(open_ok_frame(1, 70'000)) == "opened 1");
        l.supply(1, 61'440);
        BOOST_TEST(l.sent().starts_with(std::string("DATA 1 ") + expected));
    }
}

BOOST_AUTO_TEST_CASE(early_data_is_bounded_by_credit_and_by_one_frame)
{
    scripted_lane l;
    auto peer = peer_hello();
    peer.init_limit_bytes = 1'000'000;
    peer.payload_bytes_max = 1'000'000;
    l.greet(peer);
    const auto most = l.lane.early_bytes_max();
    BOOST_TEST(most == mux::payload_bytes_max - mux::open_payload_max);

    const octets early(most, 'e');
    mux::open_frame request;
    request.destination = parse_target(std::string(255, 'h') + ":80").value();
    request.early = early;
    BOOST_TEST(l.lane.open(request, nullptr, l.now).has_value());
    BOOST_TEST(l.sent().ends_with("limit=65536 early=" + std::to_string(most)));

    scripted_lane before_hello;
    BOOST_TEST(before_hello.lane.early_bytes_max() == 16'384U);
}

BOOST_AUTO_TEST_SUITE_END()
