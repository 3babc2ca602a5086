#pragma once

#include <penstock/io/hand_over.hpp>

#include <future>
#include <poll.h>
#include <vector>

#include "folder_fixture.hpp"

namespace support {

using kind = io::hand_over_giver::outcome::kind;

/// Lets the giver work until something comes of it.
inline io::hand_over_giver::outcome
serve(io::hand_over_giver& giver, const std::vector<io::shared_socket>& sockets)
{
    for (;;) {
        pollfd waiting{giver.descriptor(), POLLIN, 0};
        (void)::poll(&waiting, 1, 10);
        if (waiting.revents == 0 && io::clock::now() < giver.deadline())
            continue;
        auto outcome = giver.step(sockets);
        if (outcome.what != kind::nothing_new)
            return outcome;
    }
}

struct giving : folder_fixture {
    io::listener old = listen("127.0.0.1:0");
    io::hand_over_giver giver{path(), "server"};
    std::vector<io::shared_socket> sockets{old.shared()};

    std::future<io::hand_over_giver::outcome> served()
    {
        return std::async(std::launch::async, [this] { return serve(giver, sockets); });
    }
};

}  // namespace support
