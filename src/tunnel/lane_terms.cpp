#include <penstock/tunnel/lane_terms.hpp>

namespace penstock::tunnel {

mux::lane_settings lane_terms(const settings& config, std::uint32_t seed)
{
    mux::lane_settings lane;
    lane.window_bytes_max = config.window_bytes_max;
    lane.ping_interval = config.ping_interval;
    lane.suspect_after = config.suspect_after;
    lane.link_timeout = config.link_timeout;
    lane.half_close_linger = config.half_close_linger;
    lane.replay_bytes_max = config.resume_timeout.count() > 0 ? config.replay_bytes_max : 0;
    lane.resume_timeout = config.resume_timeout;
    lane.seed = seed;
    return lane;
}

mux::hello hello_terms(const settings& config, bool paced)
{
    mux::hello h;
    h.features = paced ? mux::feature_paced : 0;
    h.payload_bytes_max = static_cast<std::uint32_t>(mux::payload_bytes_max);
    h.window_bytes_max = config.window_bytes_max;
    h.ping_interval_s = static_cast<std::uint32_t>(config.ping_interval.count() / 1'000);
    return h;
}

}  // namespace penstock::tunnel
