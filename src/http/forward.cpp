#include <penstock/http/forward.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace penstock::http {
namespace {

constexpr std::string_view via = "Via: 1.1 penstock\r\n";

/// Fields of one connection, whether or not Connection names them (RFC 9110 section 7.6.1), and
/// those that are made anew.
bool is_hop_by_hop(std::string_view name) noexcept
{
    constexpr std::string_view names[] = {
        "Connection",
        "Proxy-Connection",
        "Keep-Alive",
        "TE",
        "Transfer-Encoding",
        "Content-Length",
        "Upgrade",
        "Proxy-Authorization",
        "Proxy-Authenticate",
        "Proxy-Authentication-Info",
    };
    return std::ranges::any_of(names, [name](std::string_view n) { return same_name(n, name); });
}

void append_field(std::string& out, std::string_view name, std::string_view value)
{
    out.append(name).append(": ").append(value).append("\r\n");
}

/// Copies what is meant for the other end. Names in Connection are collected before anything is
/// left out.
void append_end_to_end(std::string& out, const fields& in, std::string_view without)
{
    const auto nominated = list_of(in, "Connection");
    for (const auto& f : in) {
        const auto named = [&f](std::string_view token) { return same_name(token, f.name); };
        if (!is_hop_by_hop(f.name) && !named(without) && std::ranges::none_of(nominated, named))
            append_field(out, f.name, f.value);
    }
}

void append_framing(std::string& out, const body_framing& body, bool keep_chunks)
{
    if (body.content_length)
        append_field(out, "Content-Length", std::to_string(*body.content_length));
    else if (body.how == body_framing::kind::chunked && keep_chunks)
        append_field(out, "Transfer-Encoding", "chunked");
}

void append_connection(std::string& out, after_response next)
{
    if (next == after_response::close)
        append_field(out, "Connection", "close");
    else if (next == after_response::upgrade)
        append_field(out, "Connection", "Upgrade");
}

/// One less, for the two methods that count (RFC 9110 section 7.6.2); nothing if the value is no
/// number.
std::optional<std::string> decreased_max_forwards(const request_head& head)
{
    if (head.method != "TRACE" && head.method != "OPTIONS")
        return std::nullopt;
    const auto value = value_of(head.fields, "Max-Forwards");
    std::uint32_t hops = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), hops);
    if (value.empty() || error != std::errc{} || end != value.data() + value.size() || hops == 0)
        return std::nullopt;
    return std::to_string(hops - 1);
}

bool is_secret(std::string_view name) noexcept
{
    return same_name(name, "Authorization") || same_name(name, "Proxy-Authorization") ||
           same_name(name, "Cookie");
}

}  // namespace

std::string encode_forwarded_request(
    const request_head& head, const proxy_request& request, const body_framing& body, bool websocket
)
{
    constexpr std::uint16_t http_port = 80;
    auto authority = to_string(request.destination);
    if (request.destination.port == http_port)
        authority.resize(authority.rfind(':'));

    std::string out = head.method + ' ' + request.path + " HTTP/1.1\r\n";
    append_field(out, "Host", authority);

    auto kept = head.fields;
    std::erase_if(kept, [](const field& f) { return same_name(f.name, "Host"); });
    if (const auto hops = decreased_max_forwards(head)) {
        for (auto& f : kept) {
            if (same_name(f.name, "Max-Forwards"))
                f.value = *hops;
        }
    }
    append_end_to_end(out, kept, "Host");
    append_framing(out, body, true);
    if (websocket) {
        append_connection(out, after_response::upgrade);
        append_field(out, "Upgrade", "websocket");
    }
    return out.append(via).append("\r\n");
}

std::string encode_forwarded_response(
    const response_head& head, const body_framing& body, bool keep_chunks, after_response next
)
{
    std::string out = "HTTP/1.1 " + std::to_string(head.status) + ' ' + head.reason + "\r\n";
    append_end_to_end(out, head.fields, {});
    append_framing(out, body, keep_chunks);
    append_connection(out, next);
    if (next == after_response::upgrade)
        append_field(out, "Upgrade", value_of(head.fields, "Upgrade"));
    return out.append(via).append("\r\n");
}

std::string encode_final_answer(const request_head& head, after_response next)
{
    std::string content;
    std::string out = "HTTP/1.1 200 OK\r\n";
    if (head.method == "TRACE") {
        content = "TRACE " + head.target + " HTTP/1." + std::to_string(head.minor_version) + "\r\n";
        for (const auto& f : head.fields) {
            if (!is_secret(f.name))
                append_field(content, f.name, f.value);
        }
        content += "\r\n";
        append_field(out, "Content-Type", "message/http");
    } else {
        append_field(out, "Allow", "CONNECT, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, TRACE");
    }
    append_field(out, "Content-Length", std::to_string(content.size()));
    append_connection(out, next);
    return out.append(via).append("\r\n").append(content);
}

std::string_view tunnel_established() noexcept
{
    return "HTTP/1.1 200 Connection established\r\n\r\n";
}

}  // namespace penstock::http
