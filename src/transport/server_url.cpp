#include <penstock/transport/server_url.hpp>

#include <boost/system/error_category.hpp>

#include <algorithm>
#include <utility>

#include "url_text.hpp"

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
        case url_errc::not_proxy:
            return "a proxy is written http://host:port or socks5://host:port";
        case url_errc::tls_proxy:
            return "a proxy that is itself reached by TLS is not supported: write http:// (what "
                   "goes through it is encrypted anyway) or socks5://";
        case url_errc::bad_login:
            return "user and password hold a control character, or a % without two hexadecimal "
                   "digits behind it";
        }
        return "unrecognised URL error";
    }
};

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
    const auto authority = text.substr(0, slash);
    const auto path = text.substr(slash);
    if (authority.find('@') != std::string_view::npos)
        return url_errc::credentials;
    if (!std::ranges::all_of(path, [](char c) { return c > 0x20 && c < 0x7f; }))
        return url_errc::bad_path;

    server_url url;
    auto parts = parse_authority(authority);
    if (!parts)
        return parts.error();
    url.host = std::move(parts->host);
    url.port = parts->port.value_or(url.port);
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
