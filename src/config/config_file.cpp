#include <penstock/base/nearest.hpp>
#include <penstock/config/given_values.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <ranges>

namespace penstock::config {
namespace {

constexpr std::array<role, 2> roles{role::gateway, role::server};

std::string_view trim(std::string_view text) noexcept
{
    constexpr std::string_view blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Without a comment: '#' at the beginning or behind a blank.
std::string_view without_comment(std::string_view line) noexcept
{
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '#' && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '\t'))
            return line.substr(0, i);
    }
    return line;
}

std::string did_you_mean(
    std::string_view word, std::span<const std::string_view> known, const std::string& otherwise
)
{
    const auto near = nearest(word, known);
    return near.empty() ? " (" + otherwise + ")" : " (did you mean '" + std::string(near) + "'?)";
}

role parse_section(std::string_view name, const std::string& where)
{
    constexpr std::array<std::string_view, 2> known{"gateway", "server"};
    for (const auto r : roles) {
        if (section_name(r) == name)
            return r;
    }
    throw usage_error(
        where + ": unknown section [" + std::string(name) + "]" +
        did_you_mean(name, known, "[gateway] or [server]")
    );
}

given parse_assignment(role r, std::string_view line, const std::string& where)
{
    const auto equals = line.find('=');
    const auto name = trim(line.substr(0, equals));
    const auto* const option = find_option(r, name);
    if (option == nullptr || option->secret) {
        std::vector<std::string_view> known;
        for (const auto& o : options_of(r)) {
            if (!o.secret)
                known.push_back(o.name);
        }
        const auto section = std::string(section_name(r));
        throw usage_error(
            where + ": unknown option '" + std::string(name) + "' in [" + section + "]" +
            did_you_mean(name, known, "see: penstock help " + section)
        );
    }
    if (equals == std::string_view::npos && !option->value.empty())
        throw usage_error(where + ": '" + std::string(name) + "' has no value (NAME = VALUE)");
    const auto value = equals == std::string_view::npos ? "true" : trim(line.substr(equals + 1));
    if (value.empty())
        throw usage_error(where + ": the value of '" + std::string(name) + "' is empty");
    return {std::string(name), std::string(value), where, {}};
}

}  // namespace

std::vector<given> read_file_section(role r, const std::string& path, std::string_view text)
{
    const auto directory = std::filesystem::path(path).parent_path().string();
    std::vector<given> read;
    std::optional<role> section;
    std::size_t number = 0;
    for (const auto part : std::views::split(text, '\n')) {
        const auto where = path + ':' + std::to_string(++number);
        const auto line = trim(without_comment(std::string_view(part.begin(), part.end())));
        if (line.empty())
            continue;
        if (line.starts_with('[') && line.ends_with(']')) {
            section = parse_section(trim(line.substr(1, line.size() - 2)), where);
            continue;
        }
        if (!section)
            throw usage_error(
                where + ": '" + std::string(line) +
                "' stands in front of the first section ([gateway] or [server])"
            );
        auto assignment = parse_assignment(*section, line, where);
        if (*section == r) {
            assignment.directory = directory;
            read.push_back(std::move(assignment));
        }
    }
    return read;
}

bool has_section(role r, std::string_view text)
{
    return std::ranges::any_of(std::views::split(text, '\n'), [r](auto part) {
        const auto line = trim(without_comment(std::string_view(part.begin(), part.end())));
        return line.starts_with('[') && line.ends_with(']') &&
               trim(line.substr(1, line.size() - 2)) == section_name(r);
    });
}

}  // namespace penstock::config
