#pragma once

#include <penstock/tunnel/settings.hpp>

#include <cstddef>

namespace penstock::tunnel {

/// The process's budget for buffered stream data: what is configured, else 25 % of the memory, at
/// most 512 MiB.
[[nodiscard]] std::size_t memory_limit(const settings& config) noexcept;

}  // namespace penstock::tunnel
