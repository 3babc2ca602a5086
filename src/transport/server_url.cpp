#include <penstock/base/target.hpp>
#include <penstock/transport/server_url.hpp>

#include <boost/system/error_category.hpp>

#include <algorithm>
#include <charconv>

namespace penstock::transport {
namespace {

class url_category_type final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "penstock.url"; }

    std::string message(int value) const override
    {
        switch (static_cast<url_errc>(value)) {
        case url_errc::not_wss:
            return "a server is written wss://host[:port]/path";
        case url_errc::insecure:
            return "links are always encrypted: write wss:// instead of ws:// or http://";
        case url_errc::credentials:
            return "credentials do not belong in a URL: use --token-file, or --cert and --key";
        case url_errc::query:
            return "'?' and '#' have no meaning here: leave them and what follows out";
        case url_errc::bad_host:
            return "the host is neither a name nor an address (an IPv6 address needs brackets)";
        case url_errc::bad_port:
            return "the port is not in 1..65535";
        case url_errc::bad_path:
            return "the path holds an octet that no URL may hold: write it as %XX";
        }
        return "unrecognised URL error";
    }
};

/// Whether `text` begins with `prefix`, in any case; if so, it is removed.
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

const boost::system::error_category& url_category() noexcept
{
    static const url_category_type instance;
    return instance;
}

error_code make_error_code(url_errc e) noexcept { return {static_cast<int>(e), url_category()}; }

result<server_url> parse_server_url(std::string_view text)
{
    if (auto rest = text; take_prefix(rest, "ws://") || take_prefix(rest, "http://"))
        return url_errc::insecure;
    if (!take_prefix(text, "wss://"))
        return url_errc::not_wss;
    if (text.find_first_of("?#") != std::string_view::npos)
        return url_errc::query;
    const auto slash = std::min(text.find('/'), text.size());
    auto authority = text.substr(0, slash);
    const auto path = text.substr(slash);
    if (authority.find('@') != std::string_view::npos)
        return url_errc::credentials;
    if (!std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7f; }))
        return url_errc::bad_path;

    server_url url;
    const auto bracket = authority.rfind(']');
    const auto colon = authority.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        const auto port = parse_port(authority.substr(colon + 1));
        if (!port)
            return port.error();
        url.port = *port;
        authority = authority.substr(0, colon);
    }
    // An IPv6 address without brackets would have lost its last part to the port.
    if (!authority.starts_with('[') && authority.find(':') != std::string_view::npos)
        return url_errc::bad_host;
    const auto host = parse_host(authority);
    if (!host)
        return url_errc::bad_host;
    url.host = penstock::to_string(*host);
    if (path.size() > 1)
        url.path = path;
    return url;
}

std::string authority_of(const server_url& url)
{
    const bool bracketed = url.host.find(':') != std::string::npos;
    auto text = bracketed ? '[' + url.host + ']' : url.host;
    if (url.port != 443)
        text += ':' + std::to_string(url.port);
    return text;
}

bool is_node_name(std::string_view text) noexcept
{
    constexpr std::size_t octets_max = 64;
    const auto fits = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_';
    };
    return !text.empty() && text.size() <= octets_max && std::ranges::all_of(text, fits);
}

std::string to_string(const server_url& url) { return "wss://" + authority_of(url) + url.path; }

}  // namespace penstock::transport
