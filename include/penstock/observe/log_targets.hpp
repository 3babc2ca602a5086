#pragma once

#include <penstock/base/target.hpp>

#include <cstdint>
#include <string>

namespace penstock::observe {

/// How much of a target is written to the log: `name:port`, the name without the port, or nothing
/// at all.
enum class log_target_policy : std::uint8_t { full, host, none };

/// What the log may say of `t`.
[[nodiscard]] inline std::string loggable(const target& t, log_target_policy policy)
{
    switch (policy) {
    case log_target_policy::full:
        return to_string(t);
    case log_target_policy::host:
        return to_string(t.host);
    case log_target_policy::none:
        break;
    }
    return "-";
}

}  // namespace penstock::observe
