#include "arguments.hpp"

#include <penstock/config/usage_error.hpp>

#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/positional_options.hpp>

namespace penstock::app {

namespace po = boost::program_options;

const std::string* parsed_arguments::one(const std::string& name) const
{
    const auto found = options.find(name);
    return found == options.end() ? nullptr : &found->second.as<std::string>();
}

parsed_arguments parse_arguments(
    const arguments& args, const po::options_description& options, const std::string& usage
)
{
    namespace style = po::command_line_style;
    po::options_description all;
    all.add(options);
    all.add_options()("word", po::value<std::vector<std::string>>(), "");
    po::positional_options_description words;
    words.add("word", -1);

    parsed_arguments parsed;
    try {
        const auto result =
            po::command_line_parser(args)
                .options(all)
                .positional(words)
                .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
                .run();
        po::store(result, parsed.options);
    } catch (const po::error& e) {
        throw config::usage_error(std::string(e.what()) + " (usage: " + usage + ")");
    }
    if (parsed.options.contains("word"))
        parsed.words = parsed.options["word"].as<std::vector<std::string>>();
    return parsed;
}

}  // namespace penstock::app
