#pragma once

#include <penstock/base/target.hpp>

namespace penstock::routing {

/// `address` with all bits behind the first `prefix_bits` cleared, and without a scope.
[[nodiscard]] ip_address masked(const ip_address& address, unsigned prefix_bits) noexcept;

}  // namespace penstock::routing
