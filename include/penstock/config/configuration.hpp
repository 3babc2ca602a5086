#pragma once

#include <penstock/config/given_values.hpp>
#include <penstock/config/option.hpp>
#include <penstock/config/usage_error.hpp>
#include <penstock/gateway/settings.hpp>
#include <penstock/observe/log.hpp>
#include <penstock/server/settings.hpp>

#include <string>
#include <vector>

namespace penstock::config {

/// Where options come from. Command line beats environment beats file beats default.
struct inputs {
    std::vector<std::string> arguments;    ///< behind the command
    std::vector<std::string> environment;  ///< "NAME=value"
    /// Where sockets listen that another process has made for us: in force if no `listen` is given.
    std::vector<io::listen_address> inherited{};
};

/// What a role needs, checked as far as that goes without opening anything but files.
template <class Settings>
struct configuration {
    Settings settings;
    observe::log_settings log;
    std::vector<std::string>
        warnings;           ///< every insecure choice, and what was passed over; one line each
    std::string hand_over;  ///< the path of the socket; empty: none
    given_values given;
};

/// Reads the options of the role and every file that they name.
/// Throws: usage_error.
[[nodiscard]] configuration<gateway::settings> read_gateway(const inputs& from);
[[nodiscard]] configuration<server::settings> read_server(const inputs& from);

/// All options of the role, as `penstock help` shows them.
[[nodiscard]] std::string help_text(role r);

/// What is in force, one `name = value` a line and where it comes from; never a secret.
[[nodiscard]] std::string describe(role r, const given_values& given);

}  // namespace penstock::config
