#pragma once

#include <penstock/config/option.hpp>
#include <penstock/config/usage_error.hpp>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::config {

/// An option with its value, and where somebody wrote it.
struct given {
    std::string name;
    std::string value;
    std::string where;      ///< "gateway.conf:12", "PENSTOCK_LISTEN"; empty on the command line
    std::string directory;  ///< relative paths start here; empty: the working directory
};

/// A usage_error about an option: "NAME: DETAIL" or "NAME (WHERE): DETAIL".
[[nodiscard]] usage_error wrong(const given& what, std::string_view detail);

/// What is in force: each option from the first source that has it.
class given_values {
public:
    /// Call it for the strongest source first.
    void add_source(std::vector<given> source);

    /// All of one option. `names` with several names are one list, which a source replaces as a
    /// whole, in its order.
    [[nodiscard]] std::vector<given> all(std::initializer_list<std::string_view> names) const;

    /// Null if it is not given. Throws: usage_error if it stands twice in its source.
    [[nodiscard]] const given* one(std::string_view name) const;

private:
    std::vector<std::vector<given>> sources_;
};

/// Arguments behind the command. "config" is among the result if it is given.
/// Throws: usage_error for an unknown option (with the nearest known one), a stray word, a missing
/// value.
[[nodiscard]] std::vector<given> read_arguments(role r, const std::vector<std::string>& arguments);

/// The sections of a configuration file; the other role's are read past.
/// Throws: usage_error for an unknown name, section or line that cannot be read.
[[nodiscard]] std::vector<given>
read_file_section(role r, const std::string& path, std::string_view text);

/// Whether the text has the role's section.
[[nodiscard]] bool has_section(role r, std::string_view text);

/// PENSTOCK_NAME=value; what neither role knows is told in `warnings`, since orchestrators put
/// their own there.
[[nodiscard]] std::vector<given> read_environment(
    role r, const std::vector<std::string>& environment, std::vector<std::string>& warnings
);

}  // namespace penstock::config
