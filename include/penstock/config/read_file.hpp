#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace penstock::config {

/// Longest file that is taken for a configuration, certificates, users or rules.
inline constexpr std::size_t file_octets_max = 16 * 1024 * 1024;

/// Nothing, and `why` in words, if it cannot be read.
[[nodiscard]] std::optional<std::string> read_whole_file(const std::string& path, std::string& why);

}  // namespace penstock::config
