#include <penstock/mux/receive_window.hpp>

#include <algorithm>

namespace penstock::mux {
namespace {

constexpr std::uint8_t quiet_epochs_before_shrink = 8;

/// A WINDOW is sent for so many octets whatever the window is.
constexpr std::uint32_t window_frame_bytes_max = 256 * 1024;

}  // namespace

std::optional<std::uint64_t>
receive_window::consume(std::size_t bytes, const window_terms& terms, time_point now) noexcept
{
    consumed_ += bytes;
    epoch_bytes_ += bytes;
    if (now - epoch_start_ >= terms.round_trip)
        end_epoch(terms, now);

    const auto wanted = consumed_ + window_bytes_;
    if (wanted <= limit_ || (terms.only_if_empty && buffered() > 0))
        return std::nullopt;
    // Silly window avoidance (RFC 1122 section 4.2.3.3): a WINDOW frame has to be worth its octets.
    // And not much more: what is consumed and not yet granted is missing from the window, and with
    // half of it missing a window of 1.3 times the path carried 0.67 of it.
    const auto worth = std::max(
        std::min(window_bytes_floor, window_bytes_ / 4),
        std::min(window_bytes_ / 8, window_frame_bytes_max)
    );
    if (wanted - limit_ < worth)
        return std::nullopt;
    limit_ = wanted;
    return limit_;
}

void receive_window::end_epoch(const window_terms& terms, time_point now) noexcept
{
    const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(now - epoch_start_);
    const auto per_round_trip =
        epoch_bytes_ * static_cast<std::uint64_t>(terms.round_trip.count()) /
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(elapsed.count()));
    auto wanted = 2 * per_round_trip + window_bytes_floor;
    // A sender that still speeds up is given room for that, or its every other round trip is lost
    // to waiting for the window of the one before (as in Linux, tcp_rcv_space_adjust).
    if (previous_bytes_ > 0 && per_round_trip > previous_bytes_)
        wanted +=
            std::min(wanted, 2 * wanted * (per_round_trip - previous_bytes_) / previous_bytes_);
    previous_bytes_ = per_round_trip;
    const std::uint64_t window = window_bytes_;

    // Twice what one round trip carried (dynamic right-sizing, as Linux does). Whether the peer
    // came near its limit is no condition: a consumer that keeps pace raises the limit long before
    // the peer hears of it, so seen from here the peer never comes near.
    if (wanted > window && terms.may_grow) {
        const auto grown = std::min({wanted, 4 * window, terms.share_bytes});
        window_bytes_ = static_cast<std::uint32_t>(std::max(grown, window));
        quiet_epochs_ = 0;
    } else if (4 * per_round_trip < window && ++quiet_epochs_ >= quiet_epochs_before_shrink) {
        window_bytes_ = std::max(std::min(window_bytes_, window_bytes_first), window_bytes_ / 2);
        quiet_epochs_ = 0;
    }
    if (!terms.may_grow && window > terms.share_bytes)
        window_bytes_ = static_cast<std::uint32_t>(
            std::max<std::uint64_t>(window_bytes_floor, terms.share_bytes)
        );

    epoch_bytes_ = 0;
    epoch_start_ = now;
}

}  // namespace penstock::mux
