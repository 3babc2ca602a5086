#pragma once

#include <cstdint>
#include <string_view>

namespace penstock {

/// Why a stream was not opened or did not end cleanly; the code of OPEN_FAIL and RESET
/// (PROTOCOL.md).
enum class failure : std::uint16_t {
    none = 0,
    general = 1,
    denied = 2,  ///< by policy of the gateway or the server
    network_unreachable = 3,
    host_unreachable = 4,
    connection_refused = 5,
    dial_timeout = 6,
    command_not_supported = 7,
    address_type_not_supported = 8,
    name_not_found = 9,       ///< the resolver says that the name does not exist
    name_lookup_failed = 10,  ///< the resolver failed or did not answer in time
    overloaded = 11,          ///< a limit was reached; try again later
    tunnel_unavailable = 12,  ///< set by the gateway: no link to the server
    session_lost = 13,        ///< the link broke and the stream could not be kept
    target_reset = 14,        ///< the target reset an open connection
    agent_offline = 15,
    idle_timeout = 16,
    shed_for_memory = 17,
};

/// What a client is told for a failure: one row of the table in PROTOCOL.md.
struct failure_row {
    failure code;
    std::uint8_t socks5_reply;            ///< RFC 1928 section 6
    std::uint16_t http_status;            ///< RFC 9110 section 15
    std::string_view proxy_status_error;  ///< error type of RFC 9209 section 2.3
    std::string_view text;                ///< a person's words, lower case, no full stop
};

/// The row for `code`; an unknown code is told as failure::general.
[[nodiscard]] const failure_row& describe(failure code) noexcept;

}  // namespace penstock
