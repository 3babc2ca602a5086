#pragma once

#include <span>
#include <string_view>

namespace penstock::config {

enum class role : unsigned char { gateway, server };

/// One option as it is known on the command line, in a file's section and in the environment.
struct option {
    std::string_view name;
    std::string_view value;    ///< what stands for its value in the help; empty: a switch
    std::string_view initial;  ///< in force when it is not given; empty: nothing
    std::string_view help;
    bool repeatable = false;
    /// In the environment commas separate whole rules or patterns, though both may hold commas.
    enum class comma : unsigned char { plain, rules, patterns } list = comma::plain;
    bool secret = false;  ///< the value itself is a secret: from the environment only
};

[[nodiscard]] std::span<const option> options_of(role r) noexcept;
[[nodiscard]] std::string_view section_name(role r) noexcept;  ///< also the command's name

/// Null if the role has no such option.
[[nodiscard]] const option* find_option(role r, std::string_view name) noexcept;

}  // namespace penstock::config
