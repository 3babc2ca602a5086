// What a lane keeps for another link: who does, how much, and what happens when that is full.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "resuming_lane.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;

constexpr std::size_t mebibyte = 1024 * 1024;

mux::hello forgetful_peer(side role)
{
    mux::hello h;
    h.role = role;
    h.resume_timeout_s = 300;
    return h;
}

/// A stream of which the peer takes everything.
void open_wide(scripted_lane& l)
{
    BOOST_TEST_REQUIRE(l.open() == 1U);
    (void)l.sent();
    BOOST_TEST_REQUIRE(l.receive(open_ok_frame(1, 50'000'000)) == "opened 1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(replaying)

BOOST_AUTO_TEST_CASE(both_sides_must_keep_what_they_sent)
{
    resuming_lane both;
    BOOST_TEST(both.lane.resumable());
    BOOST_TEST((both.lane.resume_timeout() == 60s));

    auto settings = keeping();
    settings.resume_timeout = 1h;
    BOOST_TEST((resuming_lane(settings).lane.resume_timeout() == 300s));

    scripted_lane not_the_peer(keeping());
    BOOST_TEST(!not_the_peer.lane.resumable());
    not_the_peer.greet(forgetful_peer(side::accepting));
    BOOST_TEST(!not_the_peer.lane.resumable());

    BOOST_TEST(!resuming_lane(keeping(side::connecting, 0)).lane.resumable());
}

BOOST_AUTO_TEST_CASE(nothing_is_kept_for_a_peer_that_does_not)
{
    scripted_lane l(keeping());
    BOOST_TEST(l.open() == 1U);
    l.lane.send_hello({});
    BOOST_TEST(l.sent() == "HELLO; OPEN 1 example.org:80 limit=65536");
    BOOST_TEST(l.lease.used_bytes() == mux::replay_log::block_bytes);  // who knows
    BOOST_TEST(l.receive(hello_frame(forgetful_peer(side::accepting))) == "ready");
    BOOST_TEST(l.lease.used_bytes() == 0U);
    BOOST_TEST(l.receive(open_ok_frame(1, 9'000'000)) == "opened 1");
    l.supply(1, 9'000'000);
    (void)l.sent();
    BOOST_TEST(l.lease.used_bytes() == 0U);
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 400)).empty());
}

// Control and data stop; what is link-local goes on, and the ACK among it starts them again.
BOOST_AUTO_TEST_CASE(a_full_log_stops_everything_that_is_sequenced_and_nothing_else)
{
    resuming_lane l(keeping(side::connecting, 40'000));
    open_wide(l);
    l.supply(1, 1'000'000);
    // OPEN, and two whole payloads; the third is as large as what is left.
    const auto words = l.sent();
    BOOST_TEST(words.starts_with("DATA 1 16384; DATA 1 16384; DATA 1 7"));
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.open() == 3U);
    l.lane.drain(1s, "");
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.receive(data_frame(1, 60'000)) == "data 1 60000");
    l.consume(1, 60'000);
    BOOST_TEST(l.receive(u64_frame(frame_type::ping, 5)).empty());
    BOOST_TEST(l.sent_all() == "ACK 2; PONG");
    BOOST_TEST(l.sent_all().empty());
    BOOST_TEST(l.wait(2s).empty());
    BOOST_TEST(l.sent_all() == "PING");
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
    BOOST_TEST(l.lane.wants_to_send());
    BOOST_TEST(
        l.sent().starts_with("DRAIN 0 1000 0; OPEN 3 example.org:80 limit=65536; WINDOW 1 125536; "
                             "DATA 1 1")
    );
    BOOST_TEST(!l.lane.wants_to_send());
}

BOOST_AUTO_TEST_CASE(a_full_log_is_sent_again_whole_and_goes_on_from_there)
{
    resuming_lane l(keeping(side::connecting, 20'000));
    open_wide(l);
    l.supply(1, 30'000, true);
    BOOST_TEST(l.sent() == "DATA 1 16384; DATA 1 3567");
    l.lose();
    BOOST_TEST(l.resume(0) == "OPEN 1 example.org:80 limit=65536; DATA 1 16384; DATA 1 3567");
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 3)).empty());
    BOOST_TEST(l.sent() == "DATA 1 10049 fin");
}

BOOST_AUTO_TEST_CASE(one_block_is_kept_when_memory_is_short)
{
    resuming_lane l(keeping(side::connecting, 32 * mebibyte), 100 * mebibyte);
    open_wide(l);
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)).empty());
    l.lease.take(72 * mebibyte);
    l.supply(1, 2'000'000);
    const auto some = l.take_message().size();
    BOOST_TEST(some <= mux::replay_log::block_bytes + 16'392);
    BOOST_TEST(some >= mux::replay_log::block_bytes - 1'032);
    BOOST_TEST(!l.lane.wants_to_send());
    l.lease.give(72 * mebibyte);
    BOOST_TEST(l.lane.wants_to_send());
    BOOST_TEST(l.take_message().size() > 1'900'000U);
}

BOOST_DATA_TEST_CASE(
    a_log_never_holds_more_than_its_limit_and_a_frame,
    data::make({1U, 1'000U, 1'024U, 1'031U, 1'032U, 5'000U, 16'392U, 65'536U, 100'000U}),
    limit
)
{
    resuming_lane l(keeping(side::connecting, limit));
    BOOST_TEST(l.lane.set_ready(l.id_of(1), true) == false);
    l.lane.set_chunk_bytes(61'440);
    open_wide(l);
    l.supply(1, 200'000, true);
    std::uint64_t acked = 1;
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, acked)).empty());
    std::size_t sent = 0;
    for (int rounds = 0; rounds < 1'000 && sent < 200'000; ++rounds) {
        const auto message = l.take_message();
        BOOST_TEST_REQUIRE(!message.empty());  // whatever the limit is, it goes on
        BOOST_TEST(message.size() <= limit + mux::frame_header_bytes + mux::payload_bytes_max);
        byte_view rest = message;
        mux::frame_reader reader(mux::payload_bytes_max);
        while (const auto frame = reader.next(rest).value()) {
            if (!mux::is_sequenced(frame->header.type))
                continue;
            ++acked;
            sent += frame->payload.size();
        }
        BOOST_TEST_REQUIRE(l.receive(u64_frame(frame_type::ack, acked)).empty());
    }
    BOOST_TEST(sent == 200'000U);
}

BOOST_AUTO_TEST_CASE(what_a_peer_is_owed_is_sent_though_it_keeps_nothing_from_now_on)
{
    for (const auto role : {side::connecting, side::accepting}) {
        resuming_lane l(keeping(role));
        BOOST_TEST(l.open() != 0U);
        (void)l.sent();
        l.lose();
        l.peer.replay_bytes_max = 0;
        BOOST_TEST(l.resume(0).starts_with("OPEN"));
        BOOST_TEST(!l.lane.resumable());
        BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)).empty());
        BOOST_TEST(!l.lane.failed());
    }
}

BOOST_AUTO_TEST_CASE(a_lane_that_ended_by_its_own_words_is_not_resumed)
{
    resuming_lane failed;
    BOOST_TEST(failed.receive(data_frame(1, 5)) == "error 35");
    BOOST_TEST(!failed.lane.resumable());

    resuming_lane closed;
    closed.lane.close("done");
    BOOST_TEST(!closed.lane.resumable());

    for (const auto type : {frame_type::close, frame_type::lane_err}) {
        resuming_lane by_peer;
        octets last;
        mux::append_reason(last, type, {}, {33, "end"});
        BOOST_TEST(by_peer.receive(last).find("33 \"end\"") != std::string::npos);
        BOOST_TEST(!by_peer.lane.resumable());
    }
}

BOOST_AUTO_TEST_CASE(spare_blocks_are_given_back_when_the_lane_is_quiet_or_detached)
{
    resuming_lane l;
    open_wide(l);
    l.supply(1, 500'000);
    BOOST_TEST(!l.sent().empty());
    BOOST_TEST(l.lease.used_bytes() >= 500'000U);
    BOOST_TEST(l.wait_with_living_peer(40s).empty());
    BOOST_TEST(l.lease.used_bytes() == 0U);

    l.supply(1, 500'000);
    (void)l.sent();
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 63)).empty());
    BOOST_TEST(l.lease.used_bytes() == 8 * mux::replay_log::block_bytes);
    l.lose();
    BOOST_TEST(l.lease.used_bytes() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
