// The HELLO that carries a lane on: its numbers, and that nothing comes before its answer.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <limits>

#include "resuming_lane.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;

constexpr auto beyond_all = std::numeric_limits<std::uint64_t>::max();

struct number_check {
    std::string_view what;
    std::optional<std::uint64_t> recv_seq;
    bool carries_on;

    friend std::ostream& operator<<(std::ostream& os, const number_check& n)
    {
        return os << n.what;
    }
};

// Four frames are sent, two of them acknowledged.
const number_check number_checks[] = {
    {"none", std::nullopt, false},
    {"nothing at all", 0, false},
    {"one below the acknowledged", 1, false},
    {"the acknowledged", 2, true},
    {"one that was on the way", 3, true},
    {"all", 4, true},
    {"one that was never sent", 5, false},
    {"the largest of all", beyond_all, false},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(resuming_hello)

BOOST_DATA_TEST_CASE(the_connecting_side_checks_the_number, data::make(number_checks), sample)
{
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1'000}}) {
        resuming_lane l;
        l.piece_bytes = piece;
        send_three(l);
        BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
        l.lose();
        l.dial();
        BOOST_TEST(l.answer(sample.recv_seq) == (sample.carries_on ? "ready" : "error 35"));
        if (sample.carries_on) {
            BOOST_TEST(l.lane.counters().resumes == 1U);
            continue;
        }
        BOOST_TEST(l.lane.failed());
        BOOST_TEST(!l.lane.resumable());
        BOOST_TEST(l.sent_all().starts_with("LANE_ERR 35"));  // and no frame of the log
        BOOST_TEST(l.lane.counters().resumes == 0U);
    }
}

BOOST_DATA_TEST_CASE(the_accepting_side_checks_the_number, data::make(number_checks), sample)
{
    if (!sample.recv_seq)
        return;
    resuming_lane l(keeping(side::accepting));
    BOOST_TEST(l.open() == 2U);
    (void)l.sent();
    BOOST_TEST(l.receive(open_ok_frame(2)) == "opened 2");
    l.supply(2, 40'000);
    (void)l.sent();
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
    l.lose();
    BOOST_TEST(l.handle_peer(*sample.recv_seq) == sample.carries_on);
    BOOST_TEST(l.lane.counters().resumes == (sample.carries_on ? 1U : 0U));
    BOOST_TEST(l.lane.wants_to_send() == sample.carries_on);
}

BOOST_AUTO_TEST_CASE(a_peer_that_sent_less_than_was_received_cannot_carry_on)
{
    resuming_lane l;
    enter_open(l);  // one frame was received
    auto answer = l.peer;
    answer.recv_seq = 1;
    l.lose();
    l.dial();
    BOOST_TEST(l.receive(hello_frame(answer)) == "error 35");

    for (const auto next_seq : {std::uint64_t{0}, std::uint64_t{1}, beyond_all}) {
        resuming_lane other;
        enter_open(other);
        other.lose();
        other.dial();
        answer.next_seq = next_seq;
        BOOST_TEST(other.receive(hello_frame(answer)) == (next_seq == 0 ? "error 35" : "ready"));
    }
    resuming_lane accepting(keeping(side::accepting));
    BOOST_TEST(accepting.receive(open_frame(1)).starts_with("requested"));
    accepting.lose();
    BOOST_TEST(!accepting.lane.resume(accepting.peer, 0, accepting.now));
}

BOOST_AUTO_TEST_CASE(hello_of_a_resume_tells_where_the_replay_ends)
{
    for (const auto role : {side::connecting, side::accepting}) {
        resuming_lane l(keeping(role));
        BOOST_TEST(l.open() != 0U);
        BOOST_TEST(l.open() != 0U);
        (void)l.sent();
        l.lose();
        BOOST_TEST(l.open() != 0U);  // not sent yet
        if (role == side::accepting)
            BOOST_TEST(l.handle_peer(1));
        else
            l.lane.send_hello({});
        const auto message = l.take_message();
        byte_view rest = message;
        mux::frame_reader reader(mux::payload_bytes_max);
        const auto h = mux::decode_hello((*reader.next(rest).value()).payload).value();
        BOOST_TEST(h.next_seq.value_or(0) == 2U);
    }
}

BOOST_AUTO_TEST_CASE(nothing_but_hello_is_sent_before_the_answer)
{
    resuming_lane l;
    enter_open_by_peer(l);
    BOOST_TEST(l.receive(data_frame(2, 60'000)) == "data 2 60000");
    BOOST_TEST(l.receive(u64_frame(frame_type::ping, 7)).empty());
    l.supply(2, 20'000);  // ACK, PONG, DATA and soon WINDOW and PING wait
    l.lose();
    l.consume(2, 60'000);
    BOOST_TEST(l.open() == 1U);
    l.dial();
    for (int s = 0; s < 60; ++s) {
        BOOST_TEST(l.wait(1s).empty());
        BOOST_TEST(!l.lane.wants_to_send());
        BOOST_TEST(l.sent_all().empty());
    }
    BOOST_TEST(l.answer(0) == "ready");
    // HELLO has acknowledged what came on the old link, and a PONG would tell of that one.
    BOOST_TEST(l.sent_all() == "OPEN_OK 2 limit=65536; DATA 2 16384; DATA 2 3616");
    BOOST_TEST(l.sent_all() == "WINDOW 2 125536; OPEN 1 example.org:80 limit=65536");
}

BOOST_AUTO_TEST_CASE(only_hello_answers_hello)
{
    for (const auto& frame : {data_frame(1, 5), u64_frame(frame_type::ack, 1)}) {
        resuming_lane l;
        enter_open(l);
        l.lose();
        l.dial();
        BOOST_TEST(l.receive(frame) == "error 33");
    }
    resuming_lane l;
    enter_open(l);
    l.lose();
    l.dial();
    mux::hello_err_frame later;
    later.why.code = 66;
    octets frame;
    mux::append_hello_err(frame, later);
    BOOST_TEST(l.receive(frame) == "refused by peer 66");
    // The lane is what it was; another attempt may do better.
    l.lose();
    BOOST_TEST(l.resume(1).empty());
    l.supply(1, 5);
    BOOST_TEST(l.sent() == "DATA 1 5");
}

BOOST_AUTO_TEST_SUITE_END()
