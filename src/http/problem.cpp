#include <penstock/http/problem.hpp>

#include <algorithm>

namespace penstock::http {
namespace {

constexpr std::string_view request_error = "http_request_error";
constexpr std::string_view request_denied = "http_request_denied";
constexpr std::string_view protocol_error = "http_protocol_error";

/// How soon a client may ask again when the tunnel is away or full: about two attempts to
/// reconnect.
constexpr std::string_view retry_after_s = "5";

std::string_view reason_of(unsigned status) noexcept
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 407:
        return "Proxy Authentication Required";
    case 408:
        return "Request Timeout";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Error";
    }
}

unsigned status_of(error_code what) noexcept
{
    if (what.category() != category())
        return 400;
    switch (static_cast<errc>(what.value())) {
    case errc::head_too_large:
    case errc::too_many_fields:
    case errc::trailers_too_large:
        return 431;
    case errc::unsupported_version:
        return 505;
    case errc::unsupported_transfer_coding:
    case errc::unsupported_scheme:
        return 501;
    case errc::bad_proxy_credentials:
        return 407;
    default:
        return 400;
    }
}

bool is_printable(char c) noexcept { return c >= 0x20 && c < 0x7f; }

/// A String of RFC 9651: printable ASCII, quotes and backslashes escaped.
std::string quoted(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += is_printable(c) ? c : '?';
    }
    return out + '"';
}

std::string escaped_html(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += is_printable(c) ? c : '?';
        }
    }
    return out;
}

std::string page(const problem& what, const problem_options& options)
{
    const auto title = std::to_string(what.status) + ' ' + std::string(reason_of(what.status));
    std::string out = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>" +
                      title + "</title>\n<h1>" + title + "</h1>\n<p>";
    if (!options.subject.empty())
        out += "<strong>" + escaped_html(options.subject) + "</strong>: ";
    out += escaped_html(what.text) + ".</p>\n";
    if (!options.detail.empty() && options.detail != what.text)
        out += "<p>" + escaped_html(options.detail) + "</p>\n";
    return out + "<hr>\n<p>This page comes from the local proxy, penstock, not from the web "
                 "site.</p>\n</html>\n";
}

}  // namespace

problem problem_of(failure code)
{
    const auto& row = describe(code);
    return {row.http_status, row.proxy_status_error, std::string(row.text)};
}

problem problem_of(error_code what)
{
    const bool refused = what == errc::not_a_proxy_request || what == errc::unsupported_scheme ||
                         what == errc::bad_proxy_credentials;
    return {status_of(what), refused ? request_denied : request_error, what.message()};
}

problem upstream_problem_of(error_code ec)
{
    const bool incomplete =
        ec == errc::truncated_body || ec == errc::truncated_head || ec.category() != category();
    return {
        502,
        incomplete ? std::string_view("http_response_incomplete") : protocol_error,
        "the target's answer cannot be used: " + ec.message(),
    };
}

problem response_timeout()
{
    return {504, "http_response_timeout", "the target did not answer in time"};
}

problem request_timeout() { return {408, request_error, "the request did not arrive in time"}; }

problem authentication_required()
{
    return {407, request_denied, "the proxy wants a user name and password"};
}

std::string encode_problem(const problem& what, const problem_options& options)
{
    const auto content = page(what, options);
    std::string out = "HTTP/1.1 " + std::to_string(what.status) + ' ' +
                      std::string(reason_of(what.status)) + "\r\n";
    out += "Proxy-Status: penstock; error=" + std::string(what.proxy_status_error) + "; details=" +
           quoted(options.detail.empty() ? std::string_view(what.text) : options.detail) + "\r\n";
    if (what.status == 407)
        out += "Proxy-Authenticate: Basic realm=\"penstock\", charset=\"UTF-8\"\r\n";
    if (what.status == 503)
        out.append("Retry-After: ").append(retry_after_s).append("\r\n");
    out += "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n";
    out += "Content-Length: " + std::to_string(content.size()) + "\r\n";
    if (options.next == after_response::close)
        out += "Connection: close\r\n";
    out += "\r\n";
    return options.head_only ? out : out + content;
}

}  // namespace penstock::http
