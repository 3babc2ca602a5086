#pragma once

#include <boost/test/unit_test.hpp>

#include "scripted_lane.hpp"

// How a stream comes into each state of PROTOCOL.md; id 1 is ours, id 2 the peer's. The lane
// connects.
namespace mux_test {

inline void enter_opening(scripted_lane& l)
{
    BOOST_TEST_REQUIRE(l.open() == 1U);
    BOOST_TEST_REQUIRE(l.sent() == "OPEN 1 example.org:80 limit=65536");
}
inline void enter_dialing(scripted_lane& l)
{
    BOOST_TEST_REQUIRE(l.receive(open_frame(2)) == "requested 2 example.org:80 0");
}
inline void enter_open(scripted_lane& l)
{
    enter_opening(l);
    BOOST_TEST_REQUIRE(l.receive(open_ok_frame(1)) == "opened 1");
}
inline void enter_open_by_peer(scripted_lane& l)
{
    enter_dialing(l);
    l.accept(2);
    BOOST_TEST_REQUIRE(l.sent() == "OPEN_OK 2 limit=65536");
}
inline void enter_half_l(scripted_lane& l)
{
    enter_open(l);
    l.supply(1, 5, true);
    BOOST_TEST_REQUIRE(l.sent() == "DATA 1 5 fin");
}
inline void enter_half_r(scripted_lane& l)
{
    enter_open(l);
    BOOST_TEST_REQUIRE(l.receive(data_frame(1, 7, flag_fin)) == "data 1 7 fin");
}
inline void enter_tomb(scripted_lane& l)
{
    enter_open(l);
    l.lane.reset(l.id_of(1), failure::target_reset);
    BOOST_TEST_REQUIRE(l.sent() == "RESET 1 14 sent=0 abort stop");
}
inline void enter_tomb_of_refused(scripted_lane& l)
{
    enter_dialing(l);
    l.lane.refuse(l.id_of(2), failure::connection_refused, "no");
    BOOST_TEST_REQUIRE(l.sent() == "OPEN_FAIL 2 5 \"no\"");
}
inline void enter_closed(scripted_lane& l)
{
    enter_half_l(l);
    BOOST_TEST_REQUIRE(l.receive(data_frame(1, 0, flag_fin)) == "data 1 0 fin");
    BOOST_TEST_REQUIRE(l.lane.stream_count() == 0U);
}

}  // namespace mux_test
