#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include <string>
#include <vector>

#include "command.hpp"

namespace penstock::app {

/// Options and words of the small commands, which have no configuration file.
struct parsed_arguments {
    boost::program_options::variables_map options;
    std::vector<std::string> words;  ///< what is no option, in order

    /// Null if it was not given.
    [[nodiscard]] const std::string* one(const std::string& name) const;
};

/// Throws: config::usage_error, with `usage` as what to do.
[[nodiscard]] parsed_arguments parse_arguments(
    const arguments& args,
    const boost::program_options::options_description& options,
    const std::string& usage
);

}  // namespace penstock::app
