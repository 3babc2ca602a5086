#include <penstock/config/given_values.hpp>

#include <algorithm>
#include <cctype>

namespace penstock::config {
namespace {

constexpr std::string_view prefix = "PENSTOCK_";

std::string option_name(std::string_view variable)
{
    std::string name(variable.substr(prefix.size()));
    std::ranges::transform(name, name.begin(), [](char c) {
        return c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return name;
}

/// Whether a piece between two commas is the rest of the one in front of it.
bool continues(option::comma list, std::string_view before, std::string_view piece) noexcept
{
    switch (list) {
    case option::comma::plain:
        return false;
    case option::comma::rules:  // "a,b:22,443 direct": a rule is complete with its action
        return before.find(' ') == std::string_view::npos;
    case option::comma::patterns:  // "a:22,443": ports are no patterns
        return piece.find_first_not_of("0123456789-") == std::string_view::npos;
    }
    return false;
}

std::vector<std::string> split(option::comma list, std::string_view text)
{
    std::vector<std::string> values;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto piece = text.substr(0, comma);
        text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
        if (!values.empty() && continues(list, values.back(), piece)) {
            values.back().append(1, ',').append(piece);
            continue;
        }
        piece.remove_prefix(std::min(piece.find_first_not_of(' '), piece.size()));
        if (!piece.empty())
            values.emplace_back(piece);
    }
    return values;
}

}  // namespace

std::vector<given> read_environment(
    role r, const std::vector<std::string>& environment, std::vector<std::string>& warnings
)
{
    std::vector<given> read;
    for (const auto& entry : environment) {
        const auto equals = entry.find('=');
        if (!entry.starts_with(prefix) || equals == std::string::npos)
            continue;
        const auto variable = entry.substr(0, equals);
        const auto value = entry.substr(equals + 1);
        const auto name = option_name(variable);
        const auto* const known = find_option(r, name);
        if (known == nullptr && name != "config") {
            const auto other = r == role::gateway ? role::server : role::gateway;
            if (find_option(other, name) == nullptr)
                warnings.push_back(variable + " is set, but there is no option " + name);
            continue;
        }
        if (value.empty())
            continue;  // `NAME= command` is how a shell takes a variable away
        if (known != nullptr && known->repeatable) {
            for (auto& each : split(known->list, value))
                read.push_back({name, std::move(each), variable, {}});
        } else {
            read.push_back({name, value, variable, {}});
        }
    }
    // The environment has no order, so that of --allow and --deny cannot be kept: the cautious one
    // comes first.
    std::ranges::stable_partition(read, [](const given& g) { return g.name == "deny"; });
    return read;
}

}  // namespace penstock::config
