#include <penstock/config/usage_error.hpp>

#include <algorithm>
#include <iostream>

#include "command.hpp"

namespace penstock::app {

int run_version(const arguments& args)
{
    if (!args.empty())
        throw config::usage_error("unexpected argument '" + args.front() + "'");
    std::cout << "penstock " PENSTOCK_VERSION "\n";
    return exit_done;
}

std::string help_version()
{
    return "usage: penstock version\n\nPrints the name and the version, and nothing else.\n";
}

int run_help(const arguments& args)
{
    if (args.empty()) {
        std::cout << help_help();
        return exit_done;
    }
    const auto known = commands();
    const auto found = std::ranges::find(known, std::string_view(args.front()), &command::name);
    if (found == known.end())
        throw config::usage_error("unknown command: '" + args.front() + "' (see: penstock help)");
    std::cout << found->help();
    return exit_done;
}

std::string help_help()
{
    constexpr std::size_t name_width = 10;
    std::string text = "usage: penstock COMMAND [ARGUMENTS]\n\n";
    for (const auto& each : commands()) {
        text += "  " + std::string(each.name);
        text.append(name_width - each.name.size(), ' ');
        text += std::string(each.summary) + '\n';
    }
    return text + "\nMore about one of them: penstock help COMMAND\n";
}

}  // namespace penstock::app
