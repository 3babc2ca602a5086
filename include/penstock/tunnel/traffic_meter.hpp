#pragma once

#include <penstock/io/asio.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace penstock::tunnel {

/// Whether a thread is busy with bulk, so that what is new had better go to another: on its links a
/// keystroke waits behind what the kernel already has, and on a thread that asks for all of a CPU
/// for the scheduler's turns, whoever goes first within the thread.
///
/// Order of calls: on_sustained() if wanted, then add() as octets move. Executor: the thread, but
/// for busy().
class traffic_meter {
public:
    static constexpr std::chrono::milliseconds interval{50};
    /// Intervals that make a lasting transfer. A server sees it at the first: what the gateway then
    /// does about it finds the server prepared.
    static constexpr unsigned sustained_intervals = 4;

    explicit traffic_meter(std::uint64_t busy_bytes_per_s) noexcept
        : busy_bytes_per_s_(static_cast<double>(busy_bytes_per_s))
    {
    }

    /// Called each time that the thread begins to be busy for longer.
    void on_sustained(std::function<void()> call) { sustained_ = std::move(call); }

    /// A link of the thread has received or sent `bytes`.
    void add(std::size_t bytes, io::clock::time_point now)
    {
        bytes_ += bytes;
        const auto elapsed = now - start_;
        if (elapsed < interval)
            return;
        const auto rate =
            static_cast<double>(bytes_) / std::chrono::duration<double>(elapsed).count();
        bytes_ = 0;
        start_ = now;
        if (rate < busy_bytes_per_s_) {
            intervals_ = 0;
            return;
        }
        last_busy_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
        if (++intervals_ == sustained_intervals && sustained_)
            sustained_();
    }

    /// From any thread.
    [[nodiscard]] bool busy(io::clock::time_point now) const noexcept
    {
        const io::clock::duration last(last_busy_.load(std::memory_order_relaxed));
        return last != io::clock::duration{} && now.time_since_epoch() - last < 10 * interval;
    }

private:
    double busy_bytes_per_s_;
    std::function<void()> sustained_;
    std::uint64_t bytes_ = 0;
    io::clock::time_point start_{};
    unsigned intervals_ = 0;
    std::atomic<io::clock::rep> last_busy_{0};
};

}  // namespace penstock::tunnel
