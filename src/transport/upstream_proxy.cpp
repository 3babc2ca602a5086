#include <penstock/transport/upstream_proxy.hpp>

#include <algorithm>
#include <utility>

#include "url_text.hpp"

namespace penstock::transport {
namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t socks_port = 1080;

/// What no HTTP field and no C string of a library holds.
bool is_control(char c) noexcept
{
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
}

int digit_of(char c) noexcept
{
    constexpr std::string_view digits = "0123456789abcdef";
    const auto lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    const auto at = digits.find(lower);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// %XX decoded (RFC 3986 section 2.1).
result<std::string> decoded(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (text.size() - i < 3)
            return url_errc::bad_login;
        const int high = digit_of(text[i + 1]);
        const int low = digit_of(text[i + 2]);
        if (high < 0 || low < 0)
            return url_errc::bad_login;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    if (std::ranges::any_of(out, is_control))
        return url_errc::bad_login;
    return out;
}

/// The login of a URL; only the first colon separates.
result<proxy_login> decoded_login(std::string_view text)
{
    const auto colon = std::min(text.find(':'), text.size());
    auto user = decoded(text.substr(0, colon));
    auto password = decoded(text.substr(std::min(colon + 1, text.size())));
    if (!user || !password)
        return url_errc::bad_login;
    return proxy_login{std::move(*user), std::move(*password), {}};
}

}  // namespace

bool has_login(std::string_view text) noexcept { return text.find('@') != std::string_view::npos; }

result<proxy_login> parse_login(std::string_view text)
{
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || std::ranges::any_of(text, is_control))
        return url_errc::bad_login;
    return proxy_login{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1)), {}};
}

result<upstream_proxy> parse_proxy_url(std::string_view text)
{
    upstream_proxy out;
    if (take_prefix(text, "https://"))
        return url_errc::tls_proxy;
    if (take_prefix(text, "socks5://") || take_prefix(text, "socks5h://"))
        out.kind = upstream_proxy::scheme::socks5;
    else if (!take_prefix(text, "http://") && text.find("://") != std::string_view::npos)
        return url_errc::not_proxy;

    // The last one: a password that is not encoded as it should be may hold another.
    if (const auto at = text.rfind('@'); at != std::string_view::npos) {
        auto login = decoded_login(text.substr(0, at));
        if (!login)
            return login.error();
        if (!login->user.empty() || !login->password.empty())
            out.login = std::move(*login);
        text.remove_prefix(at + 1);
    }
    if (text.ends_with('/'))
        text.remove_suffix(1);
    if (text.empty() || text.find_first_of("/?#") != std::string_view::npos)
        return url_errc::not_proxy;
    auto parts = parse_authority(text);
    if (!parts)
        return parts.error();
    out.host = std::move(parts->host);
    out.port =
        parts->port.value_or(out.kind == upstream_proxy::scheme::http ? http_port : socks_port);
    return out;
}

std::string address_of(const upstream_proxy& proxy)
{
    const bool bracketed = proxy.host.find(':') != std::string::npos;
    const auto host = bracketed ? '[' + proxy.host + ']' : proxy.host;
    return host + ':' + std::to_string(proxy.port);
}

std::string to_string(const upstream_proxy& proxy)
{
    const bool http = proxy.kind == upstream_proxy::scheme::http;
    return (http ? "http://" : "socks5://") + address_of(proxy);
}

}  // namespace penstock::transport
