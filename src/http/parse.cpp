#include <penstock/http/message.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace penstock::http {
namespace {

namespace beast = boost::beast::http;

std::string_view text(byte_view octets) noexcept
{
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

std::string_view view(boost::beast::string_view s) noexcept { return {s.data(), s.size()}; }

/// Field content: no control octets but HTAB; so also no stray CR or LF.
bool is_clean(std::string_view line) noexcept
{
    return std::ranges::all_of(line, [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return octet >= 0x20 ? octet != 0x7f : octet == '\t';
    });
}

error_code check_start_line(std::string_view line, bool request)
{
    if (line.size() < 8)
        return errc::bad_start_line;
    const auto version = request ? line.substr(line.size() - 8) : line.substr(0, 8);
    if (!version.starts_with("HTTP/"))
        return errc::bad_start_line;
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return errc::unsupported_version;
    return {};
}

/// What Beast would let pass: folded fields, other versions, and more fields than we take.
error_code check_lines(std::string_view head, bool request, head_limits limits)
{
    if (head.size() > limits.octets_max)
        return errc::head_too_large;
    std::size_t fields = 0;
    for (auto line_number = std::size_t{0};; ++line_number) {
        const auto line_end = head.find("\r\n");
        if (line_end == std::string_view::npos)
            return errc::bad_line_end;
        const auto line = head.substr(0, line_end);
        head.remove_prefix(line_end + 2);
        if (!is_clean(line))
            return errc::bad_octet;
        if (line_number == 0) {
            if (const auto ec = check_start_line(line, request))
                return ec;
            continue;
        }
        if (line.empty())
            return head.empty() ? error_code() : errc::bad_line_end;
        if (line.front() == ' ' || line.front() == '\t')
            return errc::folded_field;
        const auto colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
            return errc::bad_field;
        if (++fields > limits.fields_max)
            return errc::too_many_fields;
    }
}

bool has_line(std::string_view head, std::string_view name)
{
    for (auto at = head.find("\r\n"); at != std::string_view::npos;
         at = head.find("\r\n", at + 2)) {
        const auto line = head.substr(at + 2);
        if (same_name(line.substr(0, line.find(':')), name))
            return true;
    }
    return false;
}

error_code from_beast(error_code ec, std::string_view head)
{
    const bool both = has_line(head, "Content-Length") && has_line(head, "Transfer-Encoding");
    switch (static_cast<beast::error>(ec.value())) {
    case beast::error::bad_content_length:
    case beast::error::multiple_content_length:
        return both ? errc::conflicting_framing : errc::bad_content_length;
    case beast::error::bad_transfer_encoding:
        return both ? errc::conflicting_framing : errc::bad_transfer_encoding;
    case beast::error::bad_version:  // not where it should be; its own text was checked
    case beast::error::bad_method:
    case beast::error::bad_target:
    case beast::error::bad_status:
    case beast::error::bad_reason:
        return errc::bad_start_line;
    default:
        return errc::bad_field;
    }
}

template <class Parser>
error_code run(Parser& parser, std::string_view head)
{
    error_code ec;
    parser.header_limit(std::numeric_limits<std::uint32_t>::max());  // ours was checked already
    parser.body_limit(boost::none);
    parser.put(boost::asio::buffer(head.data(), head.size()), ec);
    if (parser.is_header_done())
        return {};
    return ec && ec != beast::error::need_more ? from_beast(ec, head) : errc::bad_start_line;
}

fields copied(const beast::fields& parsed)
{
    fields out;
    for (const auto& f : parsed)
        out.push_back({std::string(view(f.name_string())), std::string(view(f.value()))});
    return out;
}

std::string_view without_empty_line(std::string_view head) noexcept
{
    return head.starts_with("\r\n") ? head.substr(2) : head;
}

}  // namespace

result<request_head> parse_request_head(byte_view head, head_limits limits)
{
    const auto lines = without_empty_line(text(head));
    if (const auto ec = check_lines(lines, true, limits))
        return ec;
    beast::request_parser<beast::empty_body> parser;
    if (const auto ec = run(parser, lines))
        return ec;
    const auto& parsed = parser.get();
    return request_head{
        std::string(view(parsed.method_string())),
        std::string(view(parsed.target())),
        static_cast<int>(parsed.version() % 10),
        copied(parsed),
    };
}

result<response_head> parse_response_head(byte_view head, head_limits limits)
{
    const auto lines = without_empty_line(text(head));
    if (const auto ec = check_lines(lines, false, limits))
        return ec;
    beast::response_parser<beast::empty_body> parser;
    if (const auto ec = run(parser, lines))
        return ec;
    const auto& parsed = parser.get();
    if (parsed.result_int() < 100 || parsed.result_int() > 599)
        return errc::bad_start_line;
    return response_head{
        parsed.result_int(),
        std::string(view(parsed.reason())),
        static_cast<int>(parsed.version() % 10),
        copied(parsed),
    };
}

}  // namespace penstock::http
