#include <penstock/http/message.hpp>

#include <algorithm>
#include <utility>

namespace penstock::http {
namespace {

char to_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_token_octet(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) noexcept
{
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos)
        return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Request lines end with it, status lines begin with it, and nothing else that speaks first does.
bool names_http(byte_view line) noexcept
{
    return std::string_view(reinterpret_cast<const char*>(line.data()), line.size())
               .find("HTTP/") != std::string_view::npos;
}

}  // namespace

result<std::size_t> head_scanner::handle_octets(byte_view received)
{
    const auto end = std::min(received.size(), limits_.octets_max);
    while (searched_octets_ < end) {
        const auto octet = received[searched_octets_++];
        if (after_cr_ != (octet == '\n'))
            return errc::bad_line_end;
        after_cr_ = octet == '\r';
        if (octet == '\r')
            continue;
        if (octet != '\n') {
            if ((octet < 0x20 && octet != '\t') || octet == 0x7f)
                return errc::bad_octet;
            ++line_octets_;
            continue;
        }
        if (line_octets_ > 0) {
            const auto line_begin = searched_octets_ - line_octets_ - 2;
            if (lines_ == 0 && !names_http(received.subspan(line_begin, line_octets_)))
                return errc::bad_start_line;
            line_octets_ = 0;
            if (++lines_ > limits_.fields_max + 1)
                return errc::too_many_fields;
        } else if (lines_ > 0) {
            return searched_octets_;
        } else if (std::exchange(after_empty_line_, true)) {
            return errc::bad_start_line;
        }
    }
    if (received.size() >= limits_.octets_max)
        return errc::head_too_large;
    return std::size_t{0};
}

bool same_name(std::string_view left, std::string_view right) noexcept
{
    return std::ranges::equal(left, right, {}, to_lower, to_lower);
}

bool is_token(std::string_view text) noexcept
{
    return !text.empty() && std::ranges::all_of(text, is_token_octet);
}

std::size_t count(const fields& in, std::string_view name) noexcept
{
    return static_cast<std::size_t>(std::ranges::count_if(in, [name](const field& f) {
        return same_name(f.name, name);
    }));
}

std::string_view value_of(const fields& in, std::string_view name) noexcept
{
    const auto found =
        std::ranges::find_if(in, [name](const field& f) { return same_name(f.name, name); });
    return found == in.end() ? std::string_view() : found->value;
}

std::vector<std::string_view> list_of(const fields& in, std::string_view name)
{
    std::vector<std::string_view> elements;
    for (const auto& f : in) {
        if (!same_name(f.name, name))
            continue;
        for (std::string_view rest = f.value;;) {
            const auto comma = rest.find(',');
            if (const auto element = trimmed(rest.substr(0, comma)); !element.empty())
                elements.push_back(element);
            if (comma == std::string_view::npos)
                break;
            rest.remove_prefix(comma + 1);
        }
    }
    return elements;
}

bool list_has(const fields& in, std::string_view name, std::string_view token)
{
    return std::ranges::any_of(list_of(in, name), [token](std::string_view t) {
        return same_name(t, token);
    });
}

bool keeps_alive(const request_head& head)
{
    return head.minor_version >= 1 && !list_has(head.fields, "Connection", "close") &&
           !list_has(head.fields, "Proxy-Connection", "close");
}

bool keeps_alive(const response_head& head)
{
    return head.minor_version >= 1 && !list_has(head.fields, "Connection", "close");
}

}  // namespace penstock::http
