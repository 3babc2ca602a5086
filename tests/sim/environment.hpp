#pragma once

#include <penstock/mux/types.hpp>

#include <chrono>
#include <cstdint>
#include <random>
#include <string>

namespace sim {

using namespace std::chrono_literals;
using penstock::mux::time_point;
using std::chrono::microseconds;

/// What everything in one simulation shares: the clock, the dice and the log.
struct environment {
    explicit environment(std::uint32_t seed) : random(seed) {}

    /// 0 .. `below` - 1. Not a standard distribution: those differ between libraries.
    std::uint32_t dice(std::uint32_t below) { return draw() % below; }
    std::uint32_t draw() { return static_cast<std::uint32_t>(random()); }
    microseconds up_to(microseconds most)
    {
        return microseconds(dice(1 + static_cast<std::uint32_t>(most.count())));
    }
    bool one_in(std::uint32_t n) { return dice(n) == 0; }

    void note(char who, char what, const std::string& words)
    {
        if (!keeps_log)
            return;
        const auto us = std::chrono::duration_cast<microseconds>(now - start).count();
        log += std::to_string(us) + ' ' + who + ' ' + what + ' ' + words + '\n';
    }

    static constexpr time_point start{1'000s};
    time_point now = start;
    std::mt19937 random;
    std::string log;
    bool keeps_log = true;  ///< off where only the outcome counts: words take longer than frames
};

}  // namespace sim
