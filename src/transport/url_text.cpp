#include "url_text.hpp"

#include <penstock/base/target.hpp>
#include <penstock/transport/server_url.hpp>

#include <algorithm>
#include <charconv>

namespace penstock::transport {
namespace {

result<std::uint16_t> parse_port(std::string_view text)
{
    std::uint16_t port = 0;
    const auto* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, port);
    if (error != std::errc{} || at != end || port == 0)
        return url_errc::bad_port;
    return port;
}

}  // namespace

bool take_prefix(std::string_view& text, std::string_view prefix)
{
    const auto same = [](char a, char b) {
        return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b);
    };
    if (text.size() < prefix.size() ||
        !std::equal(prefix.begin(), prefix.end(), text.begin(), [&](char p, char t) {
            return same(t, p);
        }))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

result<authority> parse_authority(std::string_view text)
{
    authority out;
    const auto bracket = text.rfind(']');
    const auto colon = text.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        const auto port = parse_port(text.substr(colon + 1));
        if (!port)
            return port.error();
        out.port = *port;
        text = text.substr(0, colon);
    }
    // An IPv6 address without brackets would have lost its last part to the port.
    if (!text.starts_with('[') && text.find(':') != std::string_view::npos)
        return url_errc::bad_host;
    const auto host = parse_host(text);
    if (!host)
        return url_errc::bad_host;
    out.host = penstock::to_string(*host);
    return out;
}

}  // namespace penstock::transport
