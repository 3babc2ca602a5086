// A stream in each of its states when the link is lost.
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "resuming_lane.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;

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

}  // namespace

BOOST_AUTO_TEST_SUITE(resuming_states)

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

BOOST_AUTO_TEST_SUITE_END()
