#pragma once

#include <functional>
#include <initializer_list>

#include "event_loop.hpp"

namespace bench {

/// Turns signals into events of the loop: they no longer interrupt or end the program.
class signal_watch final : public watched {
public:
    signal_watch(
        event_loop& loop, std::initializer_list<int> signals, std::function<void(int)> action
    );

private:
    void on_ready(std::uint32_t events) override;

    std::function<void(int)> action_;
};

/// Calls `action` again and again, with the seconds since the last time.
class ticker final : public watched {
public:
    ticker(event_loop& loop, double period_s, std::function<void(double)> action);

private:
    void on_ready(std::uint32_t events) override;

    std::function<void(double)> action_;
    double last_s_;
};

}  // namespace bench
