#include <penstock/config/given_values.hpp>

#include <algorithm>
#include <utility>

namespace penstock::config {

usage_error wrong(const given& what, std::string_view detail)
{
    const auto where = what.where.empty() ? std::string() : " (" + what.where + ')';
    return usage_error(what.name + where + ": " + std::string(detail));
}

void given_values::add_source(std::vector<given> source) { sources_.push_back(std::move(source)); }

std::vector<given> given_values::all(std::initializer_list<std::string_view> names) const
{
    std::vector<given> found;
    for (const auto& source : sources_) {
        std::ranges::copy_if(source, std::back_inserter(found), [&names](const given& g) {
            return std::ranges::find(names, g.name) != names.end();
        });
        if (!found.empty())
            break;
    }
    return found;
}

const given* given_values::one(std::string_view name) const
{
    for (const auto& source : sources_) {
        const auto first = std::ranges::find(source, name, &given::name);
        if (first == source.end())
            continue;
        const auto second = std::find_if(first + 1, source.end(), [name](const given& g) {
            return g.name == name;
        });
        if (second != source.end())
            throw wrong(*second, "given twice (it takes one value)");
        return &*first;
    }
    return nullptr;
}

}  // namespace penstock::config
