#include <penstock/config/values.hpp>

#include <charconv>
#include <limits>
#include <span>
#include <utility>

namespace penstock::config {
namespace {

using unit = std::pair<std::string_view, std::uint64_t>;

// Largest first, for writing.
constexpr unit duration_units[] = {{"h", 3'600'000}, {"min", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr unit size_units[] = {
    {"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"", 1}
};

/// A whole number and one of `units`. A day of milliseconds or 2^63 octets is far beyond any bound.
std::optional<std::uint64_t>
parse_with_unit(std::string_view text, std::span<const unit> units) noexcept
{
    std::uint64_t number = 0;
    const auto* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{})
        return std::nullopt;
    const std::string_view name(stop, static_cast<std::size_t>(end - stop));
    for (const auto& [unit_name, factor] : units) {
        if (unit_name == name && number <= std::numeric_limits<std::int64_t>::max() / factor)
            return number * factor;
    }
    return std::nullopt;
}

std::string text_with_unit(std::uint64_t value, std::span<const unit> units)
{
    for (const auto& [name, factor] : units) {
        if (value % factor == 0 && value >= factor)
            return std::to_string(value / factor) + std::string(name);
    }
    return "0" + std::string(units.back().first);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) noexcept
{
    const auto value = parse_with_unit(text, duration_units);
    if (!value)
        return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept
{
    return parse_with_unit(text, size_units);
}

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept
{
    static constexpr unit none[] = {{"", 1}};
    return parse_with_unit(text, none);
}

std::optional<bool> parse_switch(std::string_view text) noexcept
{
    for (const auto word : {"true", "yes", "on", "1"}) {
        if (text == word)
            return true;
    }
    for (const auto word : {"false", "no", "off", "0"}) {
        if (text == word)
            return false;
    }
    return std::nullopt;
}

std::string duration_text(std::chrono::milliseconds value)
{
    return text_with_unit(static_cast<std::uint64_t>(value.count()), duration_units);
}

std::string size_text(std::uint64_t octets) { return text_with_unit(octets, size_units); }

}  // namespace penstock::config
