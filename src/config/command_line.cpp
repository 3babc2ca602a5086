#include <penstock/base/nearest.hpp>
#include <penstock/config/given_values.hpp>

#include <boost/program_options/errors.hpp>
#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>

namespace penstock::config {
namespace {

namespace po = boost::program_options;

po::options_description describe(role r)
{
    po::options_description description;
    const auto add = [&description](std::string_view name, bool is_switch) {
        auto* const value = po::value<std::string>();
        if (is_switch)
            value->implicit_value("true");
        description.add_options()(std::string(name).c_str(), value, "");
    };
    for (const auto& o : options_of(r)) {
        if (!o.secret)
            add(o.name, o.value.empty());
    }
    add("config", false);
    return description;
}

usage_error stray(role r, std::string_view word)
{
    return usage_error(
        "unexpected argument '" + std::string(word) + "' (see: penstock help " +
        std::string(section_name(r)) + ")"
    );
}

usage_error unknown(role r, std::string_view token)
{
    auto name = token.substr(0, token.find('='));
    if (!name.starts_with("--"))
        return stray(r, token);
    name.remove_prefix(2);

    if (const auto* const secret = find_option(r, name); secret != nullptr && secret->secret) {
        return usage_error(
            "unknown option: --" + std::string(name) + " (other users see arguments: use --" +
            std::string(name) + "-file or the environment)"
        );
    }
    std::vector<std::string_view> known{"config"};
    for (const auto& o : options_of(r)) {
        if (!o.secret)
            known.push_back(o.name);
    }
    const auto near = nearest(name, known);
    const auto hint = near.empty() ? "see: penstock help " + std::string(section_name(r))
                                   : "did you mean --" + std::string(near) + "?";
    return usage_error("unknown option: --" + std::string(name) + " (" + hint + ")");
}

}  // namespace

std::vector<given> read_arguments(role r, const std::vector<std::string>& arguments)
{
    namespace style = po::command_line_style;
    const auto description = describe(r);
    std::vector<given> read;
    try {
        // No guessing: an abbreviation would change its meaning with the next option that begins
        // alike.
        const auto parsed =
            po::command_line_parser(arguments)
                .options(description)
                .style(style::allow_long | style::long_allow_adjacent | style::long_allow_next)
                .allow_unregistered()
                .run();
        for (const auto& o : parsed.options) {
            const auto token =
                o.original_tokens.empty() ? std::string() : o.original_tokens.front();
            if (o.unregistered)
                throw unknown(r, token);
            if (o.string_key.empty() || o.position_key >= 0)
                throw stray(r, token);
            given g{o.string_key, o.value.empty() ? "true" : o.value.front(), {}, {}};
            if (g.value.empty())
                throw wrong(g, "needs a value");
            read.push_back(std::move(g));
        }
    } catch (const po::error_with_option_name& e) {
        auto name = e.get_option_name();
        name.erase(0, name.find_first_not_of('-'));
        throw usage_error(
            name + ": needs a value (see: penstock help " + std::string(section_name(r)) + ")"
        );
    } catch (const po::error& e) {
        throw usage_error(std::string("arguments: ") + e.what());
    }
    return read;
}

}  // namespace penstock::config
