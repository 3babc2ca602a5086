#pragma once

#include <penstock/io/descriptor.hpp>

#include <chrono>
#include <string_view>

namespace penstock::app {

/// SIGINT and SIGTERM as something to wait for, beside one event of our own. Construct it before
/// any thread is started: threads inherit the mask, and an unmasked one would be interrupted.
class signals {
public:
    signals();

    enum class event : unsigned char { interrupted, terminated, notified, readable, timed_out };

    /// Blocks until a signal or notify().
    [[nodiscard]] event wait();
    /// Or until `descriptor` can be read, or the deadline has passed.
    [[nodiscard]] event wait(int descriptor, std::chrono::steady_clock::time_point deadline);

    /// From any thread; what was notified once is told once.
    void notify() noexcept;

private:
    io::unique_descriptor signal_;
    io::unique_descriptor notified_;
};

[[nodiscard]] std::string_view to_string(signals::event e) noexcept;

}  // namespace penstock::app
