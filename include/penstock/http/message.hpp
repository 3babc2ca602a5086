#pragma once

#include <penstock/base/result.hpp>
#include <penstock/http/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::http {

struct field {
    std::string name;   ///< as it was written; compare with same_name()
    std::string value;  ///< without white space around it

    friend bool operator==(const field&, const field&) = default;
};
using fields = std::vector<field>;

struct request_head {
    std::string method;
    std::string target;
    int minor_version = 1;  ///< of HTTP/1.x: 0 or 1
    http::fields fields;
};

struct response_head {
    unsigned status = 0;
    std::string reason;
    int minor_version = 1;
    http::fields fields;
};

struct head_limits {
    std::size_t octets_max = 64 * 1024;
    std::size_t fields_max = 100;
};

/// Finds the end of a head as it arrives, and refuses early what could never become one.
class head_scanner {
public:
    explicit head_scanner(head_limits limits = {}) noexcept : limits_(limits) {}

    /// How many octets the head at the front of `received` has, empty line included; 0 while it is
    /// incomplete. Give it all that was received so far each time: it goes on where it stopped. One
    /// empty line before a head is part of it (RFC 9112 section 2.2). Errors: head_too_large,
    /// too_many_fields, bad_line_end, bad_octet, bad_start_line.
    [[nodiscard]] result<std::size_t> handle_octets(byte_view received);

private:
    head_limits limits_;
    std::size_t searched_octets_ = 0;
    std::size_t line_octets_ = 0;  ///< of the line being searched, without its end
    std::size_t lines_ = 0;        ///< whole ones, from the start line on
    bool after_cr_ = false;
    bool after_empty_line_ = false;
};

/// Reads a whole head, its empty line included. Stricter than RFC 9112 has to be: what two parsers
/// could read in two ways is refused, since the next one in the chain might read it in the other.
/// Errors: those of errc about lines, fields and the version.
[[nodiscard]] result<request_head> parse_request_head(byte_view head, head_limits limits = {});
[[nodiscard]] result<response_head> parse_response_head(byte_view head, head_limits limits = {});

/// Compares field names, schemes and tokens: ASCII, without regard to case.
[[nodiscard]] bool same_name(std::string_view left, std::string_view right) noexcept;

[[nodiscard]] std::size_t count(const fields& in, std::string_view name) noexcept;
/// The first one's value; empty if there is none.
[[nodiscard]] std::string_view value_of(const fields& in, std::string_view name) noexcept;
/// The elements of all fields of this name, which hold comma-separated lists; empty ones are left
/// out.
[[nodiscard]] std::vector<std::string_view> list_of(const fields& in, std::string_view name);
[[nodiscard]] bool list_has(const fields& in, std::string_view name, std::string_view token);

/// Whether the sender will keep its connection open after this message (RFC 9112 section 9.3).
/// HTTP/1.0 never does here: a proxy must not keep a connection open with a client of HTTP/1.0
/// (section C.2.2).
[[nodiscard]] bool keeps_alive(const request_head& head);
[[nodiscard]] bool keeps_alive(const response_head& head);

/// Characters of a token (RFC 9110 section 5.6.2).
[[nodiscard]] bool is_token(std::string_view text) noexcept;

}  // namespace penstock::http
