#pragma once

#include <penstock/transport/upgrade.hpp>

namespace upgrade_test {

namespace http = penstock::http;
using namespace penstock::transport;

// RFC 6455 section 1.3.
inline constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view sample_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

inline const server_url url{"a.example", 8443, "/penstock"};

inline penstock::octets octets_of(std::string_view text) { return {text.begin(), text.end()}; }

inline http::response_head response(std::string_view text)
{
    const auto head_octets = text.find("\r\n\r\n") + 4;
    return *http::parse_response_head(octets_of(text.substr(0, head_octets)));
}

}  // namespace upgrade_test
