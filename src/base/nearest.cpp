#include <penstock/base/nearest.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace penstock {
namespace {

constexpr std::size_t letters_max = 64;  ///< longer words are nobody's option, action or command

/// Optimal string alignment distance, three rows at a time; both words at most letters_max long.
std::size_t distance(std::string_view a, std::string_view b) noexcept
{
    using row = std::array<std::size_t, letters_max + 1>;
    row two_above{};
    row above{};
    row current{};
    for (std::size_t j = 0; j <= b.size(); ++j)
        above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
            current[j] = std::min({above[j] + 1, current[j - 1] + 1, above[j - 1] + changed});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                current[j] = std::min(current[j], two_above[j - 2] + 1);
        }
        two_above = above;
        above = current;
    }
    return above[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) noexcept
{
    if (word.empty() || word.size() > letters_max)
        return {};
    std::string_view best;
    auto best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const auto candidate : known) {
        if (candidate.size() > letters_max)
            continue;
        const auto d = distance(word, candidate);
        if (d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

}  // namespace penstock
