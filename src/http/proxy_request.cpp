#include <penstock/http/body.hpp>
#include <penstock/http/proxy_request.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace penstock::http {
namespace {

constexpr std::uint16_t http_port = 80;

/// uri-host [ ":" port ] of RFC 9110 section 7.2, by its octets; who sends what is no matter of
/// this check, since the target alone decides where a request goes.
bool is_host_value(std::string_view value) noexcept
{
    return std::ranges::all_of(value, [](char c) {
        return c > ' ' && c < 0x7f &&
               std::string_view("\"#/<>?@\\^`{|},").find(c) == std::string_view::npos;
    });
}

error_code check_host_field(const request_head& head, bool needed)
{
    const auto field_count = count(head.fields, "Host");
    if (field_count > 1 || (field_count == 0 && needed) ||
        !is_host_value(value_of(head.fields, "Host")))
        return errc::bad_host_field;
    return {};
}

result<proxy_request> classify_connect(const request_head& head)
{
    // Many small clients send no Host with CONNECT, and it would only repeat the target.
    if (const auto ec = check_host_field(head, false))
        return ec;
    auto destination = parse_target(head.target);
    if (!destination)
        return errc::bad_request_target;
    const auto framing = framing_of(head);
    if (!framing)
        return framing.error();
    if (framing->how == body_framing::kind::chunked || framing->octets > 0)
        return errc::body_in_connect;
    return proxy_request{request_kind::tunnel, std::move(*destination), {}};
}

result<target> parse_authority(std::string_view authority)
{
    if (authority.ends_with(':'))  // an empty port is the scheme's own (RFC 3986 section 3.2.3)
        authority.remove_suffix(1);
    if (auto with_port = parse_target(authority))
        return with_port;
    else if (with_port.error() != target_errc::missing_port)
        return errc::bad_request_target;
    // Without brackets a colon belongs to a port, never to an address.
    if (!authority.starts_with('[') && authority.find(':') != std::string_view::npos)
        return errc::bad_request_target;
    auto named = parse_host(authority);
    if (!named)
        return errc::bad_request_target;
    return target{std::move(*named), http_port};
}

std::string origin_form(std::string_view rest, std::string_view method)
{
    if (rest.empty())
        return method == "OPTIONS" ? "*" : "/";  // RFC 9112 section 3.2.4
    return rest.front() == '?' ? '/' + std::string(rest) : std::string(rest);
}

constexpr int base64_value(char c) noexcept
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

std::optional<std::string> decode_base64(std::string_view text)
{
    while (text.ends_with('='))
        text.remove_suffix(1);
    std::string out;
    std::uint32_t bits = 0;
    unsigned bit_count = 0;
    for (const char c : text) {
        const auto value = base64_value(c);
        if (value < 0)
            return std::nullopt;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            out.push_back(static_cast<char>(bits >> bit_count & 0xff));
        }
    }
    if (bit_count >= 6)
        return std::nullopt;
    return out;
}

}  // namespace

result<proxy_request> classify(const request_head& head)
{
    if (head.method == "CONNECT")
        return classify_connect(head);

    const std::string_view text = head.target;
    if (text.starts_with('/') || text == "*")
        return errc::not_a_proxy_request;
    const auto scheme_end = text.find("://");
    if (scheme_end == std::string_view::npos)
        return errc::not_a_proxy_request;
    if (!same_name(text.substr(0, scheme_end), "http"))
        return errc::unsupported_scheme;
    if (text.find('#') != std::string_view::npos)
        return errc::bad_request_target;
    if (const auto ec = check_host_field(head, head.minor_version >= 1))
        return ec;

    const auto behind_scheme = text.substr(scheme_end + 3);
    const auto authority = behind_scheme.substr(0, behind_scheme.find_first_of("/?"));
    // User information would be forwarded nowhere and is a well-known disguise (RFC 9110
    // section 4.2.4).
    auto destination = parse_authority(authority);
    if (!destination)
        return destination.error();

    const bool may_end_here = head.method == "TRACE" || head.method == "OPTIONS";
    const bool ends_here = may_end_here && value_of(head.fields, "Max-Forwards") == "0";
    return proxy_request{
        ends_here ? request_kind::answer : request_kind::forward,
        std::move(*destination),
        origin_form(behind_scheme.substr(authority.size()), head.method),
    };
}

result<std::optional<basic_credentials>> proxy_credentials(const request_head& head)
{
    const auto field_count = count(head.fields, "Proxy-Authorization");
    if (field_count == 0)
        return std::optional<basic_credentials>();
    const auto value = value_of(head.fields, "Proxy-Authorization");
    const auto scheme_end = value.find(' ');
    if (field_count > 1 || scheme_end == std::string_view::npos ||
        !same_name(value.substr(0, scheme_end), "Basic"))
        return errc::bad_proxy_credentials;
    const auto encoded = value.substr(value.find_first_not_of(' ', scheme_end));
    const auto decoded = decode_base64(encoded);
    const auto colon = decoded ? decoded->find(':') : std::string::npos;
    if (colon == std::string::npos)
        return errc::bad_proxy_credentials;
    return std::optional(basic_credentials{decoded->substr(0, colon), decoded->substr(colon + 1)});
}

bool wants_websocket(const request_head& head)
{
    return head.method == "GET" && head.minor_version >= 1 &&
           list_has(head.fields, "Connection", "upgrade") &&
           list_has(head.fields, "Upgrade", "websocket");
}

bool is_idempotent(const request_head& head) noexcept
{
    constexpr std::array<std::string_view, 6> methods{
        "GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"
    };
    return std::ranges::find(methods, head.method) != methods.end();
}

}  // namespace penstock::http
