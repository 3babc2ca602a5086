#pragma once

#include <penstock/config/configuration.hpp>
#include <penstock/tls/context.hpp>
#include <penstock/tunnel/settings.hpp>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "reader.hpp"

namespace penstock::config {

/// Command line, environment and file of a role as one. Throws: usage_error.
[[nodiscard]] reader read_inputs(role r, const inputs& from, std::vector<std::string>& warnings);

// What both roles read in the same way. Throw: usage_error.
[[nodiscard]] observe::log_settings read_log_settings(const reader& from);
[[nodiscard]] std::vector<io::listen_address>
read_listeners(role r, const reader& from, const std::vector<io::listen_address>& inherited);
/// A path; empty if it is not given.
[[nodiscard]] std::string read_hand_over(const reader& from);
[[nodiscard]] std::optional<auth::user_table>
read_users(const reader& from, std::vector<std::string>& warnings);
[[nodiscard]] observe::log_target_policy read_log_targets(const reader& from);
void read_threads(const reader& from, unsigned& threads);
void read_ping_interval(const reader& from, tunnel::settings& out);
void read_link_loss(const reader& from, tunnel::settings& out);
void read_drain_timeout(const reader& from, std::chrono::milliseconds& out);
void read_congestion(const reader& from, std::string& out);

/// `cert` and `key`, or `p12` with its password where the role has them; empty if none is given.
[[nodiscard]] tls::credentials
read_credentials(role r, const reader& from, std::vector<std::string>& warnings);

/// `upstream-proxy` with its login and exemptions, else what the environment says of proxies, for
/// the servers and listeners that are `known`; nothing where no server needs it.
/// Throws: usage_error, without user and password.
void read_upstream_proxy(
    const inputs& from,
    const reader& values,
    const gateway::settings& known,
    transport::dial_settings& out,
    std::vector<std::string>& warnings
);

/// The usage_error for a context that could not be made: it names the option whose file is to
/// blame. `ca` is the name of the option for authorities.
[[nodiscard]] usage_error
wrong_credentials(const reader& from, std::string_view ca, const error_code& why);

/// Warns of a certificate that is no longer valid or soon will not be.
void check_dates(const tls::context& context, std::vector<std::string>& warnings);

/// Writes session keys to the file that SSLKEYLOGFILE names, so that a capture can be read. Empty
/// without it.
[[nodiscard]] tls::keylog_sink
make_keylog(const std::vector<std::string>& environment, std::vector<std::string>& warnings);

/// Warns if others can read a file that holds a secret.
void check_secret_file(
    const reader& from, std::string_view name, std::vector<std::string>& warnings
);

}  // namespace penstock::config
