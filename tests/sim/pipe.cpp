#include "pipe.hpp"

#include <algorithm>

namespace sim {

pipe_settings random_pipe(environment& env)
{
    pipe_settings s;
    s.delay = microseconds(500 + env.dice(150'000));
    s.bytes_per_us = 0.5 + env.dice(50);
    s.room_bytes = 4'000 + env.dice(200'000);
    s.piece_bytes_max = env.one_in(4) ? 100 : 20'000;
    s.stall_one_in = env.one_in(2) ? 500 : 0;
    return s;
}

void pipe::write(penstock::byte_view message)
{
    free_at_ = std::max(free_at_, env_.now);
    written_bytes_ += message.size();
    while (!message.empty()) {
        const auto most = std::min<std::size_t>(settings_.piece_bytes_max, message.size());
        const auto size = 1 + env_.dice(static_cast<std::uint32_t>(most));
        const auto piece = message.first(size);
        message = message.subspan(size);

        owed_us_ += static_cast<double>(size) / settings_.bytes_per_us;
        const auto whole = static_cast<std::int64_t>(owed_us_);
        owed_us_ -= static_cast<double>(whole);
        free_at_ += microseconds(whole);
        if (settings_.stall_one_in > 0 && env_.one_in(settings_.stall_one_in))
            free_at_ +=
                microseconds(env_.dice(static_cast<std::uint32_t>(settings_.stall_max.count())));
        in_flight_.push_back(
            {std::max(free_at_ + settings_.delay, not_before_),
             {piece.begin(), piece.end()},
             message.empty()}
        );
    }
}

pipe::delivery pipe::take()
{
    auto next = std::move(in_flight_.front());
    in_flight_.pop_front();
    if (const auto left = arriving_bytes_ - arrived_bytes_; next.piece.size() > left) {
        next.piece.resize(left);
        next.message_end = false;
    }
    arrived_bytes_ += next.piece.size();
    return next;
}

}  // namespace sim
