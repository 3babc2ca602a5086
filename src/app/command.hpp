#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::app {

using arguments = std::vector<std::string>;

/// Exit statuses of the contract.
inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;  ///< while running
inline constexpr int exit_usage = 2;   ///< wrong usage or configuration

/// Something failed while running: exit status 1. what() is "CAUSE: DETAIL (what to do)".
class run_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// One verb. `run` gets the arguments behind the verb, returns the exit status, and throws
/// config::usage_error (2) or anything else (1), whose what() becomes the one line on stderr.
struct command {
    std::string_view name;
    std::string_view summary;
    int (*run)(const arguments&);
    std::string (*help)();
};

[[nodiscard]] std::span<const command> commands() noexcept;

int run_gateway(const arguments& args);
int run_server(const arguments& args);
int run_demo(const arguments& args);
int run_nc(const arguments& args);
int run_keys(const arguments& args);
int run_check(const arguments& args);
int run_version(const arguments& args);
int run_help(const arguments& args);

std::string help_gateway();
std::string help_server();
std::string help_demo();
std::string help_nc();
std::string help_keys();
std::string help_check();
std::string help_version();
std::string help_help();

/// "NAME=value" of this process.
[[nodiscard]] std::vector<std::string> environment();

}  // namespace penstock::app
