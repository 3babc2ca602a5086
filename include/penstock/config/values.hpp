#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::config {

/// "15s", "500ms", "10min", "2h"; nothing for any other text, also for a number without a unit.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text
) noexcept;

/// "64KiB", "16MiB", "1GiB", or octets without a unit.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;

/// Decimal digits only.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

/// true, yes, on, 1; false, no, off, 0.
[[nodiscard]] std::optional<bool> parse_switch(std::string_view text) noexcept;

/// In the largest unit that holds them exactly; what parse_duration() and parse_size() read.
[[nodiscard]] std::string duration_text(std::chrono::milliseconds value);
[[nodiscard]] std::string size_text(std::uint64_t octets);

}  // namespace penstock::config
