#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "stream_scenes.hpp"

// PROTOCOL.md, stream states: each state meets each frame.
namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;

/// A connecting lane with one stream; id 1 is ours, id 2 the peer's.
struct scene {
    std::string_view name;
    std::uint32_t id;
    void (*enter)(scripted_lane& l);

    friend std::ostream& operator<<(std::ostream& os, const scene& s) { return os << s.name; }
};

void enter_idle(scripted_lane&) {}

constexpr scene opening{"OPENING", 1, enter_opening};
constexpr scene dialing{"DIALING", 2, enter_dialing};
constexpr scene open{"OPEN", 1, enter_open};
constexpr scene open_by_peer{"OPEN by the peer", 2, enter_open_by_peer};
constexpr scene half_l{"HALF_L", 1, enter_half_l};
constexpr scene half_r{"HALF_R", 1, enter_half_r};
constexpr scene tomb{"TOMB of a reset", 1, enter_tomb};
constexpr scene tomb_of_refused{"TOMB of a refused one", 2, enter_tomb_of_refused};
constexpr scene closed{"CLOSED", 1, enter_closed};
constexpr scene idle{"IDLE, ours", 1, enter_idle};
constexpr scene idle_of_peer{"IDLE, the peer's", 2, enter_idle};

/// What the stream's frame does: the events, what is then sent, and whether the stream is known
/// after it. An error ends the lane, the peer is told.
struct row {
    scene state;
    std::string_view frame;
    std::string events;
    std::string sends;
    bool known = true;

    friend std::ostream& operator<<(std::ostream& os, const row& r)
    {
        return os << r.state << " + " << r.frame;
    }
};

octets frame_named(std::string_view name, std::uint32_t id)
{
    if (name == "OPEN_OK")
        return open_ok_frame(id);
    if (name == "OPEN_FAIL")
        return open_fail_frame(id, 5);
    if (name == "DATA")
        return data_frame(id, 10);
    if (name == "FIN")
        return data_frame(id, 0, flag_fin);
    if (name == "DATA FIN")
        return data_frame(id, 10, flag_fin);
    if (name == "too much DATA")
        return data_frame(id, 60'000) + data_frame(id, 60'000);
    if (name == "WINDOW")
        return window_frame(id, 100'000);
    if (name == "huge WINDOW")
        return window_frame(id, 1ULL << 62);
    if (name == "RESET")
        return reset_frame(id, 14);
    if (name == "RESET ABORT")
        return reset_frame(id, 14, flag_abort);
    if (name == "RESET STOP")
        return reset_frame(id, 14, flag_stop);
    if (name == "RESET with stray flags")
        return reset_frame(id, 14, 0xff);
    if (name == "OPEN")
        return open_frame(id);
    BOOST_FAIL("no frame is called " << name);
    return {};
}

const row rows[] = {
    {opening, "OPEN_OK", "opened 1", ""},
    {opening, "OPEN_FAIL", "refused 1 5", "", false},
    {opening, "DATA", "error 35", ""},
    {opening, "FIN", "error 35", ""},
    {opening, "WINDOW", "error 35", ""},
    {opening, "RESET", "reset 1 14", "", false},
    {opening, "RESET ABORT", "reset 1 14", "RESET 1 14 sent=0 abort stop"},
    {opening, "RESET STOP", "reset 1 14", "RESET 1 14 sent=0 abort stop"},
    {opening, "OPEN", "error 33", ""},

    {dialing, "OPEN_OK", "error 35", ""},
    {dialing, "OPEN_FAIL", "error 35", ""},
    {dialing, "DATA", "data 2 10", ""},
    {dialing, "FIN", "data 2 0 fin", ""},
    {dialing, "DATA FIN", "data 2 10 fin", ""},
    {dialing, "too much DATA", "data 2 60000; error 32", ""},
    {dialing, "WINDOW", "", ""},
    {dialing, "RESET", "reset 2 14", "", false},
    {dialing, "RESET STOP", "reset 2 14", "RESET 2 14 sent=0 abort stop"},
    {dialing, "OPEN", "error 33", ""},

    {open, "OPEN_OK", "error 35", ""},
    {open, "OPEN_FAIL", "error 35", ""},
    {open, "DATA", "data 1 10", ""},
    {open, "FIN", "data 1 0 fin", ""},
    {open, "too much DATA", "data 1 60000; error 32", ""},
    {open, "WINDOW", "", ""},
    {open, "huge WINDOW", "error 32", ""},
    {open, "RESET", "reset 1 14", "", false},
    {open, "RESET ABORT", "reset 1 14", "RESET 1 14 sent=0 abort stop"},
    {open, "RESET STOP", "reset 1 14", "RESET 1 14 sent=0 abort stop"},
    {open, "RESET with stray flags", "reset 1 14", "", false},
    {open, "OPEN", "error 33", ""},

    {open_by_peer, "OPEN_OK", "error 35", ""},
    {open_by_peer, "DATA", "data 2 10", ""},
    {open_by_peer, "RESET", "reset 2 14", "", false},
    {open_by_peer, "OPEN", "error 33", ""},

    {half_l, "OPEN_OK", "error 35", ""},
    {half_l, "DATA", "data 1 10", ""},
    {half_l, "FIN", "data 1 0 fin", "", false},
    {half_l, "DATA FIN", "data 1 10 fin", ""},
    {half_l, "too much DATA", "data 1 60000; error 32", ""},
    {half_l, "WINDOW", "", ""},
    {half_l, "huge WINDOW", "error 32", ""},
    {half_l, "RESET", "reset 1 14", "", false},
    {half_l, "RESET STOP", "reset 1 14", "RESET 1 14 sent=5 abort stop"},

    {half_r, "OPEN_FAIL", "error 35", ""},
    {half_r, "DATA", "error 35", ""},
    {half_r, "FIN", "error 35", ""},
    {half_r, "WINDOW", "", ""},
    {half_r, "RESET", "reset 1 14", "", false},
    {half_r, "RESET ABORT", "reset 1 14", "RESET 1 14 sent=0 abort stop"},

    {tomb, "OPEN_OK", "", ""},
    {tomb, "OPEN_FAIL", "", ""},
    {tomb, "DATA", "", ""},
    {tomb, "FIN", "", ""},
    {tomb, "DATA FIN", "", ""},
    {tomb, "too much DATA", "error 32", ""},
    {tomb, "WINDOW", "", ""},
    {tomb, "RESET", "", ""},
    {tomb, "RESET STOP", "", ""},
    {tomb, "OPEN", "error 33", ""},

    {tomb_of_refused, "DATA", "", ""},
    {tomb_of_refused, "WINDOW", "", ""},
    {tomb_of_refused, "RESET", "", ""},
    {tomb_of_refused, "OPEN", "error 33", ""},

    {closed, "OPEN_OK", "error 35", ""},
    {closed, "OPEN_FAIL", "error 35", ""},
    {closed, "DATA", "error 35", ""},
    {closed, "FIN", "error 35", ""},
    {closed, "WINDOW", "", "", false},
    {closed, "RESET", "", "", false},
    {closed, "OPEN", "error 33", ""},

    {idle, "OPEN_OK", "error 35", ""},
    {idle, "OPEN_FAIL", "error 35", ""},
    {idle, "DATA", "error 35", ""},
    {idle, "WINDOW", "error 35", ""},
    {idle, "RESET", "error 35", ""},
    {idle, "OPEN", "error 33", ""},
    {idle_of_peer, "DATA", "error 35", ""},
    {idle_of_peer, "WINDOW", "error 35", ""},
    {idle_of_peer, "RESET", "error 35", ""},
    {idle_of_peer, "OPEN", "requested 2 example.org:80 0", ""},
};

void check(const row& sample, std::size_t piece_bytes)
{
    scripted_lane l;
    l.greet();
    sample.state.enter(l);
    l.piece_bytes = piece_bytes;
    BOOST_TEST(l.receive(frame_named(sample.frame, sample.state.id)) == sample.events);
    const auto at = sample.events.find("error ");
    if (at != std::string::npos) {
        BOOST_TEST(l.sent().starts_with("LANE_ERR " + sample.events.substr(at + 6)));
        BOOST_TEST(!l.lane.wants_to_send());
        return;
    }
    BOOST_TEST(l.sent() == sample.sends);
    BOOST_TEST(l.lane.stream_count() == (sample.known ? 1U : 0U));
    BOOST_TEST(!l.lane.failed());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lane_states)

BOOST_DATA_TEST_CASE(each_state_meets_each_frame, data::make(rows), sample)
{
    check(sample, 1 << 20);
}

BOOST_DATA_TEST_CASE(each_state_meets_each_frame_octet_by_octet, data::make(rows), sample)
{
    check(sample, 1);
}

BOOST_AUTO_TEST_CASE(every_lane_error_names_the_stream_and_the_rule)
{
    scripted_lane l;
    l.greet();
    enter_opening(l);
    BOOST_TEST(l.receive(data_frame(1, 10)) == "error 35");
    BOOST_TEST(l.sent() == "LANE_ERR 35 \"DATA before OPEN_OK on stream 1\"");
    BOOST_TEST(l.lane.failure_reason()->text == "DATA before OPEN_OK on stream 1");
    // Nothing is taken any more, nothing is due, and nothing else is sent.
    BOOST_TEST(l.receive(data_frame(1, 10)) == "error 35");
    BOOST_TEST(l.sent_all().empty());
    BOOST_TEST((l.lane.next_deadline() == mux::time_point::max()));
    BOOST_TEST(l.open() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
