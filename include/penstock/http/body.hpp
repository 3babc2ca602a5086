#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/base/result.hpp>
#include <penstock/http/message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::http {

/// How the end of a message's body is found (RFC 9112 section 6.3).
struct body_framing {
    enum class kind : std::uint8_t { none, length, chunked, until_close };

    kind how = kind::none;
    std::uint64_t octets = 0;  ///< of a body of kind length
    std::optional<std::uint64_t>
        content_length;  ///< as declared; also by a response that has no body, as to HEAD
};

/// Errors: bad_content_length, conflicting_framing, bad_transfer_encoding,
/// unsupported_transfer_coding.
[[nodiscard]] result<body_framing> framing_of(const request_head& head);
/// As above, for the response to a request with `method`.
[[nodiscard]] result<body_framing> framing_of(const response_head& head, std::string_view method);

/// Relays one body: checks its framing and gives out what is to be sent on.
///
/// Chunks are sent on as they come but framed anew: extensions are dropped, trailer fields that
/// could change how the message is read are dropped, and no octet of a peer's framing is copied.
class body_reader {
public:
    static constexpr std::size_t chunk_line_octets_max = 1024;  ///< size and extensions
    static constexpr std::size_t trailer_octets_max = 8 * 1024;

    /// `keep_chunks` false: only the content is given out, for a receiver that knows no chunks.
    explicit body_reader(const body_framing& framing, bool keep_chunks = true);

    /// Takes octets from the front of `received`, appends to `out`, and returns how many were
    /// taken: all, unless the body ends before. `out` grows by no more than what is taken plus 20
    /// octets for each chunk and at the end. Errors: bad_chunk, chunk_line_too_long,
    /// trailers_too_large.
    [[nodiscard]] result<std::size_t> handle_octets(byte_view received, flat_buffer& out);

    /// The sender closed its direction. Errors: truncated_body, unless the body ends so.
    [[nodiscard]] error_code handle_eof();

    [[nodiscard]] bool done() const noexcept { return state_ == state::done; }

private:
    enum class state : std::uint8_t {
        counted,  ///< Content-Length
        until_close,
        size,        ///< hexadecimal digits of a chunk's size
        after_size,  ///< white space behind them
        extension,   ///< ignored up to CR
        size_lf,
        data,
        data_cr,
        data_lf,
        trailer,  ///< a line of the trailer section
        trailer_lf,
        done,
    };

    error_code handle_chunk_octet(std::uint8_t octet, flat_buffer& out);
    error_code handle_size_octet(std::uint8_t octet);
    void begin_chunk(flat_buffer& out);
    error_code end_trailer_line(flat_buffer& out);

    bool keep_chunks_;
    state state_ = state::done;
    std::uint64_t left_octets_ = 0;
    std::size_t line_octets_ = 0;
    std::size_t size_digits_ = 0;
    std::size_t trailer_octets_ = 0;
    std::string line_;
};

}  // namespace penstock::http
