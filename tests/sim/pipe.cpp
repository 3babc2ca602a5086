#include "pipe.hpp"

#include <algorithm>

namespace sim {

void pipe::write(penstock::byte_view message)
{
    free_at_ = std::max(free_at_, env_.now);
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
            {free_at_ + settings_.delay, {piece.begin(), piece.end()}, message.empty()}
        );
    }
}

pipe::delivery pipe::take()
{
    auto next = std::move(in_flight_.front());
    in_flight_.pop_front();
    return next;
}

}  // namespace sim
