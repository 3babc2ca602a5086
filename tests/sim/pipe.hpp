#pragma once

#include <penstock/base/result.hpp>

#include <algorithm>
#include <deque>
#include <limits>

#include "environment.hpp"

namespace sim {

struct pipe_settings {
    microseconds delay{10'000};
    double bytes_per_us = 12.5;  ///< 100 Mbit/s
    std::size_t room_bytes = 64 * 1024;
    std::uint32_t piece_bytes_max = 4'000;  ///< 1: octet by octet
    std::uint32_t stall_one_in = 0;         ///< pieces; 0: never
    microseconds stall_max{500'000};
};

[[nodiscard]] pipe_settings random_pipe(environment& env);

/// One direction of a link: messages go in while there is room, their pieces come out in order.
class pipe {
public:
    pipe(environment& e, const pipe_settings& s) : env_(e), settings_(s), free_at_(e.now) {}

    [[nodiscard]] time_point writable_at() const
    {
        return free_at_ - time_for(settings_.room_bytes);
    }
    [[nodiscard]] bool writable() const { return writable_at() <= env_.now; }
    void write(penstock::byte_view message);

    struct delivery {
        time_point at;
        penstock::octets piece;
        bool message_end;
    };
    [[nodiscard]] time_point next_at() const
    {
        return in_flight_.empty() || is_cut() ? time_point::max() : in_flight_.front().at;
    }
    [[nodiscard]] delivery take();

    /// What is written from now on does not arrive before `then`.
    void hold_until(time_point then) { not_before_ = then; }
    /// Of all that was and will be written only the first `bytes` arrive.
    void cut_behind(std::uint64_t bytes) { arriving_bytes_ = std::min(arriving_bytes_, bytes); }
    /// Nothing will arrive any more.
    [[nodiscard]] bool is_cut() const { return arrived_bytes_ >= arriving_bytes_; }
    [[nodiscard]] std::uint64_t arrived_bytes() const { return arrived_bytes_; }
    [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }

private:
    [[nodiscard]] microseconds time_for(std::size_t bytes) const
    {
        return microseconds(
            static_cast<std::int64_t>(static_cast<double>(bytes) / settings_.bytes_per_us)
        );
    }

    environment& env_;
    pipe_settings settings_;
    time_point free_at_;  ///< when the sender's end has passed on what was written
    time_point not_before_ = time_point::min();
    double owed_us_ = 0;  ///< fractions of a microsecond
    std::deque<delivery> in_flight_;
    std::uint64_t written_bytes_ = 0;
    std::uint64_t arrived_bytes_ = 0;
    std::uint64_t arriving_bytes_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace sim
