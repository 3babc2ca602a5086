#include "reader.hpp"

#include <penstock/config/values.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace penstock::config {

void reader::read(
    std::string_view name, std::chrono::milliseconds& out, bounds<std::chrono::milliseconds> allowed
) const
{
    const auto* const g = one(name);
    if (g == nullptr)
        return;
    const auto range = duration_text(allowed.min) + ".." + duration_text(allowed.max);
    const auto value = parse_duration(g->value);
    if (!value)
        throw wrong(
            *g, "'" + g->value + "' is no time (such as 15s, 500ms or 10min, in " + range + ")"
        );
    if (*value < allowed.min || *value > allowed.max)
        throw wrong(*g, g->value + " is out of range (" + range + ")");
    out = *value;
}

bool reader::read_switch(std::string_view name) const
{
    const auto* const g = one(name);
    if (g == nullptr)
        return false;
    const auto value = parse_switch(g->value);
    if (!value)
        throw wrong(*g, "'" + g->value + "' is neither true nor false");
    return *value;
}

std::optional<std::uint64_t>
reader::number(std::string_view name, std::uint64_t min, std::uint64_t max) const
{
    const auto* const g = one(name);
    if (g == nullptr)
        return std::nullopt;
    const auto range = std::to_string(min) + ".." + std::to_string(max);
    const auto value = parse_number(g->value);
    if (!value)
        throw wrong(*g, "'" + g->value + "' is no number (" + range + ")");
    if (*value < min || *value > max)
        throw wrong(*g, g->value + " is out of range (" + range + ")");
    return value;
}

void reader::read_size(std::string_view name, std::size_t& out, bounds<std::size_t> allowed) const
{
    const auto* const g = one(name);
    if (g == nullptr)
        return;
    const auto range = size_text(allowed.min) + ".." + size_text(allowed.max);
    const auto value = parse_size(g->value);
    if (!value)
        throw wrong(*g, "'" + g->value + "' is no size (such as 64KiB or 16MiB, in " + range + ")");
    if (*value < allowed.min || *value > allowed.max)
        throw wrong(*g, g->value + " is out of range (" + range + ")");
    out = *value;
}

std::string reader::path(const given& g) const
{
    // An absolute path stays as it is; a relative one in a file starts where the file lies.
    return (std::filesystem::path(g.directory) / g.value).string();
}

std::optional<std::string> reader::read_file(std::string_view name, std::string_view remedy) const
{
    const auto* const g = one(name);
    if (g == nullptr)
        return std::nullopt;
    const auto file = path(*g);
    std::string why;
    auto content = read_whole_file(file, why);
    if (!content) {
        const auto hint = remedy.empty() ? std::string() : " (" + std::string(remedy) + ")";
        throw wrong(*g, "cannot read " + file + ": " + why + hint);
    }
    return content;
}

std::optional<std::string> read_whole_file(const std::string& path, std::string& why)
{
    std::error_code ec;
    if (std::filesystem::is_directory(path, ec)) {
        why = "it is a directory";
        return std::nullopt;
    }
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    std::string content;
    if (file) {
        content.resize(file_octets_max + 1);
        file.read(content.data(), static_cast<std::streamsize>(content.size()));
        content.resize(static_cast<std::size_t>(file.gcount()));
    }
    if (content.size() > file_octets_max) {
        why = "it is larger than 16 MiB";
        return std::nullopt;
    }
    if (!file.eof()) {
        why = std::generic_category().message(errno != 0 ? errno : EIO);
        return std::nullopt;
    }
    return content;
}

}  // namespace penstock::config
