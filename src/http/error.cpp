#include <penstock/http/error.hpp>

#include <boost/system/error_category.hpp>

#include <string>
#include <string_view>

namespace penstock::http {
namespace {

std::string_view text_of(errc e) noexcept
{
    switch (e) {
    case errc::head_too_large:
        return "the request line and fields are too large";
    case errc::too_many_fields:
        return "there are too many header fields";
    case errc::bad_line_end:
        return "a line of the head does not end with CR LF";
    case errc::bad_octet:
        return "the head holds a control character";
    case errc::folded_field:
        return "a header field is folded over two lines";
    case errc::bad_field:
        return "a header field is malformed";
    case errc::bad_start_line:
        return "the first line is malformed";
    case errc::unsupported_version:
        return "the HTTP version is neither 1.1 nor 1.0";
    case errc::bad_content_length:
        return "Content-Length is malformed or given twice with different values";
    case errc::conflicting_framing:
        return "Content-Length and Transfer-Encoding are both given";
    case errc::bad_transfer_encoding:
        return "Transfer-Encoding does not end in one chunked, or comes with HTTP/1.0";
    case errc::unsupported_transfer_coding:
        return "only the transfer coding chunked is supported";
    case errc::bad_host_field:
        return "there must be exactly one Host field, and it must hold a host";
    case errc::bad_chunk:
        return "the chunked body is malformed";
    case errc::chunk_line_too_long:
        return "a chunk's extensions are too long";
    case errc::trailers_too_large:
        return "the trailer fields are too large";
    case errc::truncated_head:
        return "the connection ended before a whole answer";
    case errc::truncated_body:
        return "the connection ended before the body did";
    case errc::not_a_proxy_request:
        return "this port is a proxy, not a web server; set it as the proxy of your program";
    case errc::unsupported_scheme:
        return "only http:// URLs can be forwarded; use CONNECT for anything else";
    case errc::bad_request_target:
        return "the request target does not name a host and port";
    case errc::body_in_connect:
        return "CONNECT must not have a body";
    case errc::bad_proxy_credentials:
        return "Proxy-Authorization is malformed or not of the scheme Basic";
    }
    return "unrecognised HTTP error";
}

class category_type final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "penstock.http"; }
    std::string message(int value) const override
    {
        return std::string(text_of(static_cast<errc>(value)));
    }
};

}  // namespace

const boost::system::error_category& category() noexcept
{
    static const category_type instance;
    return instance;
}

error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

}  // namespace penstock::http
