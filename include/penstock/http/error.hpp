#pragma once

#include <penstock/base/result.hpp>

#include <type_traits>

namespace penstock::http {

/// What is wrong with a message, or with what a client wants. problem_of() has the status for a
/// client's.
enum class errc {
    head_too_large = 1,  ///< more octets before the empty line than head_limits allow
    too_many_fields,     ///< more field lines than head_limits allow
    bad_line_end,        ///< CR without LF or LF without CR (RFC 9112 section 2.2)
    bad_octet,           ///< a control octet in a line
    folded_field,        ///< a field that continues on the next line (obs-fold)
    bad_field,       ///< no name, a name with a delimiter, a space before the colon, or no colon
    bad_start_line,  ///< not a request line or status line
    unsupported_version,    ///< neither HTTP/1.1 nor HTTP/1.0
    bad_content_length,     ///< not a number, too large a one, or several that differ
    conflicting_framing,    ///< Content-Length together with Transfer-Encoding
    bad_transfer_encoding,  ///< does not end in chunked, says it twice, or comes with HTTP/1.0
    unsupported_transfer_coding,  ///< a coding besides chunked
    bad_host_field,               ///< missing, several, or not a host
    bad_chunk,                    ///< a chunk that is not framed as RFC 9112 section 7.1 says
    chunk_line_too_long,  ///< chunk size and extensions beyond body_reader::chunk_line_octets_max
    trailers_too_large,   ///< trailer fields beyond body_reader::trailer_octets_max
    truncated_head,       ///< the connection ended before a whole head
    truncated_body,       ///< the connection ended before the body did

    not_a_proxy_request,    ///< origin-form or asterisk-form: meant for a web server
    unsupported_scheme,     ///< absolute-form with another scheme than http
    bad_request_target,     ///< authority-form or absolute-form without a usable host and port
    body_in_connect,        ///< CONNECT with a body
    bad_proxy_credentials,  ///< Proxy-Authorization is not one well-formed Basic field
};

[[nodiscard]] const boost::system::error_category& category() noexcept;
[[nodiscard]] error_code make_error_code(errc e) noexcept;

}  // namespace penstock::http

template <>
struct boost::system::is_error_code_enum<penstock::http::errc> : std::true_type {};
