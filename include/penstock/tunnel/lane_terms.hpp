#pragma once

#include <penstock/mux/lane.hpp>
#include <penstock/tunnel/settings.hpp>

#include <cstdint>

namespace penstock::tunnel {

/// The part of a lane's settings that is configured alike at both ends; role and streams_max are
/// the end's own. `seed`: of the heartbeat's jitter.
[[nodiscard]] mux::lane_settings lane_terms(const settings& config, std::uint32_t seed);

/// The part of a HELLO that both ends say alike. `paced`: as feature_paced says of the link.
[[nodiscard]] mux::hello hello_terms(const settings& config, bool paced);

}  // namespace penstock::tunnel
