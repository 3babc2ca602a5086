#include <penstock/http/body.hpp>

#include <algorithm>
#include <charconv>

namespace penstock::http {
namespace {

/// Beyond this a sum of lengths could wrap; no body is that large.
constexpr std::uint64_t content_length_max = std::uint64_t{1} << 62;

result<std::optional<std::uint64_t>> content_length_of(const fields& in)
{
    std::optional<std::uint64_t> length;
    for (const auto& f : in) {
        if (!same_name(f.name, "Content-Length"))
            continue;
        // A list of equal values is what some middle boxes make of a repeated field; RFC 9112
        // section 6.3 lets it be taken, we refuse it like any other text that is not a number.
        std::uint64_t value = 0;
        const auto* const end = f.value.data() + f.value.size();
        const auto [stop, error] = std::from_chars(f.value.data(), end, value);
        if (f.value.empty() || error != std::errc{} || stop != end || value > content_length_max)
            return errc::bad_content_length;
        if (length && *length != value)
            return errc::bad_content_length;
        length = value;
    }
    return length;
}

/// Whether the message is chunked: no coding at all, or exactly that one.
result<bool> is_chunked(const fields& in, int minor_version)
{
    if (count(in, "Transfer-Encoding") == 0)
        return false;
    if (minor_version < 1)
        return errc::bad_transfer_encoding;
    const auto codings = list_of(in, "Transfer-Encoding");
    const auto chunked = [](std::string_view coding) { return same_name(coding, "chunked"); };
    if (codings.empty() || !chunked(codings.back()) || std::ranges::count_if(codings, chunked) != 1)
        return errc::bad_transfer_encoding;
    if (codings.size() > 1)
        return errc::unsupported_transfer_coding;
    return true;
}

result<body_framing> declared_framing(const fields& in, int minor_version)
{
    const auto length = content_length_of(in);
    if (!length)
        return length.error();
    const auto chunked = is_chunked(in, minor_version);
    if (!chunked)
        return chunked.error();
    if (*chunked && *length)
        return errc::conflicting_framing;
    if (*chunked)
        return body_framing{body_framing::kind::chunked, 0, std::nullopt};
    if (*length)
        return body_framing{body_framing::kind::length, **length, *length};
    return body_framing{};
}

}  // namespace

result<body_framing> framing_of(const request_head& head)
{
    return declared_framing(head.fields, head.minor_version);
}

result<body_framing> framing_of(const response_head& head, std::string_view method)
{
    auto declared = declared_framing(head.fields, head.minor_version);
    if (!declared)
        return declared;
    const bool without_length = head.status < 200 || head.status == 204;
    if (without_length || head.status == 304 || method == "HEAD")
        return body_framing{
            body_framing::kind::none, 0, without_length ? std::nullopt : declared->content_length
        };
    if (declared->how == body_framing::kind::none)
        return body_framing{body_framing::kind::until_close, 0, std::nullopt};
    return declared;
}

}  // namespace penstock::http
