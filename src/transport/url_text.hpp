#pragma once

#include <penstock/base/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::transport {

/// Whether `text` begins with `prefix` (lower case), in any case; if so, it is removed.
[[nodiscard]] bool take_prefix(std::string_view& text, std::string_view prefix);

struct authority {
    std::string host;  ///< a name in lower case, or an address without brackets
    std::optional<std::uint16_t> port;
};

/// host[:port], an IPv6 address in brackets. Errors: url_errc::bad_host, bad_port.
[[nodiscard]] result<authority> parse_authority(std::string_view text);

}  // namespace penstock::transport
