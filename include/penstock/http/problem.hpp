#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/base/result.hpp>
#include <penstock/http/forward.hpp>

#include <string>
#include <string_view>

namespace penstock::http {

/// An error that the proxy itself tells a client.
struct problem {
    unsigned status = 502;                ///< RFC 9110 section 15
    std::string_view proxy_status_error;  ///< RFC 9209 section 2.3
    std::string text;                     ///< one line for a person, lower case, no full stop
};

/// Why the target could not be reached.
[[nodiscard]] problem problem_of(failure code);
/// What is wrong with the client's message: an errc, which has its own status; anything else is
/// told as 400.
[[nodiscard]] problem problem_of(error_code what);
/// What is wrong with the target's message: always 502.
[[nodiscard]] problem upstream_problem_of(error_code ec);
/// The target did not answer in time.
[[nodiscard]] problem response_timeout();
/// The client did not finish its request in time.
[[nodiscard]] problem request_timeout();
/// 407, with the challenge that makes clients ask their user.
[[nodiscard]] problem authentication_required();

struct problem_options {
    std::string_view detail{
    };  ///< more about it, for a person; untrusted text is made harmless here
    std::string_view subject{};  ///< what the client wanted, for the page: "example.org:443"
    bool head_only = false;      ///< the answer to HEAD
    after_response next = after_response::close;
};

/// The whole response: Proxy-Status (RFC 9209) for programs, a short page for people.
[[nodiscard]] std::string encode_problem(const problem& what, const problem_options& options);

}  // namespace penstock::http
