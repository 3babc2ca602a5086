#pragma once

#include <boost/test/unit_test.hpp>

#include "scripted_lane.hpp"

namespace mux_test {

/// What the lane says in `how_long` while the peer is silent, with the time of each frame in ms.
inline std::string said_within(scripted_lane& l, mux::clock::duration how_long)
{
    std::string words;
    const auto began = l.now;
    const auto end = began + how_long;
    while (l.now < end) {
        const auto next = std::min(end, std::max(l.now, l.lane.next_deadline()));
        if (const auto events = l.wait(next - l.now); !events.empty())
            return words + events;
        if (const auto frames = l.sent_all(); !frames.empty()) {
            const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(l.now - began);
            words += std::to_string(ms.count()) + ": " + frames + "; ";
        }
    }
    return words;
}

inline void open_stream(scripted_lane& l)
{
    l.greet();
    BOOST_TEST_REQUIRE(l.open() == 1U);
    (void)l.sent();
    BOOST_TEST_REQUIRE(l.receive(open_ok_frame(1)) == "opened 1");
}

}  // namespace mux_test
