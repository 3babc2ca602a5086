#pragma once

#include <cstdlib>
#include <functional>

#include "carrier.hpp"

namespace sim {

struct world_settings {
    pipe_settings up, down;
    mux::lane_settings client{.role = mux::side::connecting};
    mux::lane_settings server{.role = mux::side::accepting};
    std::size_t budget_bytes = 64 * 1024 * 1024;
    break_plan breaks;
};

/// Two lanes, the links between them, and the streams that are planned for them.
class world {
public:
    world(environment& e, const world_settings& s, std::vector<stream_plan> p);

    /// Runs until `done`; fails the test if that takes longer than `limit` of simulated time.
    void run(const std::function<bool()>& done, microseconds limit);
    void run_for(microseconds how_long);
    /// Every stream that can end has, at both ends.
    [[nodiscard]] bool all_over() const;
    /// Nothing breaks any more, and what is not connected will be.
    void settle();
    /// Every stream ended as planned, every octet was right, and nothing is left behind.
    void check_outcome();

    environment& env;
    std::vector<stream_plan> plans;
    endpoint client, server;
    carrier links;

private:
    void step();
    [[nodiscard]] time_point next_at() const;
    void check_stream(std::size_t plan) const;
};

/// PENSTOCK_SIM_SEEDS=1000 runs that many seeds of everything that is random, and what is thinned
/// out otherwise in full; a failure names its seed.
inline int seed_count(int usual)
{
    const auto* const wanted = std::getenv("PENSTOCK_SIM_SEEDS");
    return wanted == nullptr ? usual : std::atoi(wanted);
}

}  // namespace sim
