// A lost link and the next one: what is sent again, and in which order. What goes on between the
// two is in lane_detached_test.cpp.
#include <boost/test/unit_test.hpp>

#include "resuming_lane.hpp"

using namespace mux_test;

BOOST_AUTO_TEST_SUITE(resuming)

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
