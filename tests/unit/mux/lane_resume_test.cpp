// A lost link and the next one: HELLO, what is sent again, and in which order. What goes on between
// the two is in lane_detached_test.cpp.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <limits>

#include "resuming_lane.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;

constexpr auto beyond_all = std::numeric_limits<std::uint64_t>::max();

/// Stream 1 is open and three frames of data are sent: numbers 1 to 3, behind OPEN.
void send_three(resuming_lane& l)
{
    enter_open(l);
    l.supply(1, 40'000);
    BOOST_TEST_REQUIRE(l.sent() == "DATA 1 16384; DATA 1 16384; DATA 1 7232");
}

struct state {
    std::string_view what;
    void (*enter)(scripted_lane&);
    std::vector<std::string> frames;  ///< that the lane sent on the way there
    void (*finish)(scripted_lane&);

    friend std::ostream& operator<<(std::ostream& os, const state& s) { return os << s.what; }
};

void finish_ours(scripted_lane& l)
{
    l.supply(1, 3, true);
    BOOST_TEST(l.sent() == "DATA 1 3 fin");
    BOOST_TEST(l.receive(data_frame(1, 0, flag_fin)) == "data 1 0 fin");
}
void finish_peers(scripted_lane& l)
{
    l.supply(2, 3, true);
    BOOST_TEST(l.sent().ends_with("DATA 2 3 fin"));
    BOOST_TEST(l.receive(data_frame(2, 0, flag_fin)) == "data 2 0 fin");
}
void end_tomb(scripted_lane& l)
{
    BOOST_TEST(l.lane.stream_count() == 1U);
    BOOST_TEST(l.receive(data_frame(1, 1'000)).empty());  // sent in good faith
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
}

const std::string open_1 = "OPEN 1 example.org:80 limit=65536";

const state states[] = {
    {"OPENING",
     enter_opening,
     {open_1},
     [](scripted_lane& l) {
         BOOST_TEST(l.receive(open_ok_frame(1)) == "opened 1");
         finish_ours(l);
     }},
    {"DIALING",
     enter_dialing,
     {},
     [](scripted_lane& l) {
         l.accept(2);
         finish_peers(l);
     }},
    {"OPEN", enter_open, {open_1}, finish_ours},
    {"OPEN, by the peer", enter_open_by_peer, {"OPEN_OK 2 limit=65536"}, finish_peers},
    {"HALF_L",
     enter_half_l,
     {open_1, "DATA 1 5 fin"},
     [](scripted_lane& l) { BOOST_TEST(l.receive(data_frame(1, 0, flag_fin)) == "data 1 0 fin"); }},
    {"HALF_R",
     enter_half_r,
     {open_1},
     [](scripted_lane& l) {
         l.consume(1, 7);
         l.supply(1, 3, true);
         BOOST_TEST(l.sent() == "DATA 1 3 fin");
     }},
    {"TOMB", enter_tomb, {open_1, "RESET 1 14 sent=0 abort stop"}, end_tomb},
    {"TOMB of a refused one",
     enter_tomb_of_refused,
     {"OPEN_FAIL 2 5 \"no\""},
     [](scripted_lane& l) { BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)).empty()); }},
    {"CLOSED", enter_closed, {open_1, "DATA 1 5 fin"}, [](scripted_lane&) {}},
};

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

BOOST_AUTO_TEST_SUITE(resuming)

BOOST_DATA_TEST_CASE(a_stream_goes_on_from_every_state_whatever_arrived, data::make(states), sample)
{
    for (std::size_t arrived = 0; arrived <= sample.frames.size(); ++arrived) {
        resuming_lane l;
        sample.enter(l);
        const auto streams = l.lane.stream_count();
        l.lose();
        BOOST_TEST(l.lane.stream_count() == streams);
        BOOST_TEST(l.resume(arrived) == words_from(sample.frames, arrived));
        // A RESET or OPEN_FAIL that had arrived ended its tomb with the HELLO.
        if (l.lane.stream_count() == streams)
            sample.finish(l);
        else
            BOOST_TEST(arrived == sample.frames.size());
        BOOST_TEST(l.lane.stream_count() == 0U);
        (void)l.sent();  // a grant that came back
        BOOST_TEST(l.sent().empty());
        BOOST_TEST(!l.lane.failed());
    }
}

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

BOOST_AUTO_TEST_CASE(the_accepting_side_answers_and_sends_again_in_one_message)
{
    resuming_lane l(keeping(side::accepting));
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    BOOST_TEST(l.receive(data_frame(1, 10)) == "data 1 10");
    l.accept(1);
    l.supply(1, 20'000);
    BOOST_TEST(l.sent_all() == "ACK 2; OPEN_OK 1 limit=65536; DATA 1 16384; DATA 1 3616");
    l.lose();
    BOOST_TEST(l.handle_peer(1));
    l.supply(1, 5);
    BOOST_TEST(l.sent() == "HELLO recv_seq=2; DATA 1 16384; DATA 1 3616; DATA 1 5");
}

BOOST_AUTO_TEST_CASE(what_is_sent_again_are_the_octets_that_were_sent)
{
    resuming_lane l;
    enter_opening(l);
    BOOST_TEST(l.receive(open_ok_frame(1)) == "opened 1");
    (void)l.take_message();  // the ACK
    l.supply(1, 40'000, true);
    const auto first = l.take_message();
    for (int times = 0; times < 3; ++times) {
        l.lose();
        l.dial();
        BOOST_TEST(l.answer(1) == "ready");
        auto again = l.take_message();
        BOOST_TEST((again == first));
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

BOOST_AUTO_TEST_CASE(nothing_new_overtakes_what_is_sent_again)
{
    resuming_lane l;
    send_three(l);
    l.lose();
    l.supply(1, 5);
    BOOST_TEST(l.open() == 3U);
    l.lane.drain(1s, "");
    l.replay_bytes = 1;
    l.dial();
    BOOST_TEST(l.answer(0) == "ready");
    BOOST_TEST(l.sent() == "OPEN 1 example.org:80 limit=65536");
    BOOST_TEST(l.lane.wants_to_send());
    BOOST_TEST(l.sent() == "DATA 1 16384");
    // What is link-local waits for nothing.
    BOOST_TEST(l.receive(u64_frame(frame_type::ping, 7) + data_frame(1, 10)) == "data 1 10");
    BOOST_TEST(l.sent_all() == "ACK 2; PONG; DATA 1 16384");
    BOOST_TEST(l.sent() == "DATA 1 7232; DATA 1 5");
    BOOST_TEST(l.sent() == "DRAIN 0 1000 0; OPEN 3 example.org:80 limit=65536");
}

BOOST_AUTO_TEST_CASE(what_is_acknowledged_meanwhile_is_not_sent_again)
{
    resuming_lane l;
    send_three(l);
    l.lose();
    l.replay_bytes = 1;
    l.dial();
    BOOST_TEST(l.answer(0) == "ready");
    BOOST_TEST(l.sent() == "OPEN 1 example.org:80 limit=65536");
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 1)).empty());
    BOOST_TEST(l.sent() == "DATA 1 16384");
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
    BOOST_TEST(l.sent() == "DATA 1 16384");
    BOOST_TEST(l.sent() == "DATA 1 7232");
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 4)).empty());
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.receive(u64_frame(frame_type::ack, 5)) == "error 33");
}

BOOST_AUTO_TEST_CASE(a_link_that_is_lost_again_in_the_middle_changes_nothing)
{
    for (const auto role : {side::connecting, side::accepting}) {
        resuming_lane l(keeping(role));
        const auto id = l.open();
        (void)l.sent();
        BOOST_TEST(l.receive(open_ok_frame(id)).starts_with("opened"));
        l.supply(id, 40'000);
        const auto stream = std::to_string(id);
        (void)l.sent();
        l.lose();
        l.replay_bytes = 1;
        BOOST_TEST(l.resume(1) == "DATA " + stream + " 16384");
        l.lose();
        BOOST_TEST(l.resume(1) == "DATA " + stream + " 16384");
        BOOST_TEST(l.sent() == "DATA " + stream + " 16384");
        l.lose();
        BOOST_TEST(l.resume(3) == "DATA " + stream + " 7232");
        BOOST_TEST(l.sent().empty());
        l.lose();
        BOOST_TEST(l.resume(4).empty());
        BOOST_TEST(l.lane.counters().resumes == 4U);
        BOOST_TEST(l.lane.counters().replayed_bytes == 3 * 16'392U + 7'240U);
    }
}

BOOST_AUTO_TEST_CASE(an_attempt_that_ends_before_the_answer_changes_nothing)
{
    resuming_lane l;
    send_three(l);
    l.lose();
    for (int i = 0; i < 3; ++i) {
        l.dial();
        l.lose();
    }
    l.dial();
    const auto h = hello_frame(l.peer);
    BOOST_TEST(l.receive_part(byte_view(h).first(h.size() - 1)).empty());
    l.lose();
    BOOST_TEST(l.lane.counters().resumes == 0U);
    BOOST_TEST(l.resume(2) == "DATA 1 16384; DATA 1 7232");
    BOOST_TEST(l.lane.counters().resumes == 1U);
}

BOOST_AUTO_TEST_CASE(frames_cut_off_at_any_octet_arrive_once)
{
    const std::vector<octets> frames = {
        data_frame(1, 20), window_frame(1, 70'000), data_frame(1, 30), data_frame(1, 0, flag_fin)
    };
    octets all;
    for (const auto& frame : frames)
        all = all + frame;
    for (std::size_t cut = 0; cut <= all.size(); ++cut) {
        resuming_lane l;
        enter_open(l);
        const auto before = l.lane.recv_seq();
        auto words = l.receive_part(byte_view(all).first(cut));
        l.lose();
        BOOST_TEST(l.resume(1).empty());
        for (auto i = l.lane.recv_seq() - before; i < frames.size(); ++i)
            if (const auto more = l.receive(frames[i]); !more.empty())
                words += (words.empty() ? "" : "; ") + more;
        BOOST_TEST(words == "data 1 20; data 1 30; data 1 0 fin");
        BOOST_TEST(l.lane.recv_seq() == before + 4);
        // What came after the HELLO, and not more often.
        BOOST_TEST(!l.lane.failed());
    }
}

// HELLO says that the peer has our RESET; what it sent before it had is sent again behind that.
BOOST_AUTO_TEST_CASE(a_stream_that_was_reset_may_be_heard_of_until_the_replay_ends)
{
    for (const bool by_hello : {true, false}) {
        resuming_lane l;
        enter_tomb(l);
        l.lose();
        l.peer_replays = 3;
        (void)l.resume(by_hello ? 2 : 1);
        if (!by_hello)
            BOOST_TEST(l.receive(u64_frame(frame_type::ack, 2)).empty());
        BOOST_TEST(l.receive(data_frame(1, 1'000)).empty());
        BOOST_TEST(l.receive(data_frame(1, 1'000)).empty());
        BOOST_TEST(l.lane.stream_count() == 1U);
        l.lose();  // in the middle
        l.peer_replays = 1;
        (void)l.resume(2);
        BOOST_TEST(l.lane.stream_count() == 1U);
        BOOST_TEST(l.receive(data_frame(1, 1'000, flag_fin)).empty());
        BOOST_TEST(l.lane.stream_count() == 0U);
        BOOST_TEST(l.receive(data_frame(1, 1'000)) == "error 35");
    }
}

BOOST_AUTO_TEST_CASE(a_refused_stream_may_be_heard_of_until_the_replay_ends)
{
    resuming_lane l(keeping(side::accepting));
    BOOST_TEST(l.receive(open_frame(1)).starts_with("requested"));
    l.lane.refuse(l.id_of(1), failure::connection_refused, "no");
    BOOST_TEST(l.sent() == "OPEN_FAIL 1 5 \"no\"");
    l.lose();
    l.peer_replays = 1;
    BOOST_TEST(l.resume(1).empty());
    BOOST_TEST(l.lane.stream_count() == 1U);
    BOOST_TEST(l.receive(data_frame(1, 16'000)).empty());
    BOOST_TEST(l.lane.stream_count() == 0U);
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

BOOST_AUTO_TEST_CASE(an_ack_on_the_next_link_tells_only_what_hello_did_not)
{
    resuming_lane l;
    enter_open(l);
    BOOST_TEST(l.receive(data_frame(1, 10) + data_frame(1, 10)) == "data 1 10; data 1 10");
    l.lose();
    BOOST_TEST(l.resume(1).empty());
    BOOST_TEST(l.wait(1s).empty());
    BOOST_TEST(l.sent_all() == "PING");
    BOOST_TEST(l.receive(data_frame(1, 10)) == "data 1 10");
    BOOST_TEST(said_within(l, 1s) == "25: ACK 4; ");
}

BOOST_AUTO_TEST_SUITE_END()
