#pragma once

#include <string_view>

namespace penstock::routing {

inline constexpr std::string_view blanks = " \t\r";

inline std::string_view trim(std::string_view text) noexcept
{
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// The part in front of the first of `separators`, which is taken off `rest` with it.
inline std::string_view take(std::string_view& rest, std::string_view separators) noexcept
{
    const auto end = rest.find_first_of(separators);
    const auto part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return part;
}

}  // namespace penstock::routing
