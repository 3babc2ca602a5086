#pragma once

#include <penstock/http/body.hpp>
#include <penstock/http/message.hpp>
#include <penstock/http/problem.hpp>
#include <penstock/http/proxy_request.hpp>

#include <cstdint>
#include <memory>
#include <string>

#include "upstream.hpp"

namespace penstock::inbound {

/// A request to be forwarded. Lifetime: borrows from the frame that read it.
struct forward_request {
    const http::request_head& head;
    const http::proxy_request& request;
    const http::body_framing& body;
    std::string user;
};

enum class exchange_end : std::uint8_t {
    answered,      ///< the client has the whole response
    upgraded,      ///< 101: both sides speak another protocol now
    no_answer,     ///< the target closed before it said anything
    bad_answer,    ///< the target's head or body is malformed, or it closed within its head
    cut,           ///< the target's body ended too early
    client_lost,   ///< the client closed or reset
    client_fault,  ///< the client's body is malformed or ended too early
    timed_out,     ///< nothing moved for too long
};

struct exchange_outcome {
    exchange_end how = exchange_end::client_lost;
    http::problem what{};  ///< for no_answer, bad_answer and client_fault
    bool response_begun =
        false;  ///< the client has a part of the final response: too late for an error page
    bool request_sent = false;       ///< with its whole body
    bool upstream_reusable = false;  ///< for answered
    bool client_reusable = false;    ///< for answered
};

/// Sends one request to the target and its response to the client, both ways at once.
asio::awaitable<exchange_outcome> exchange(session& s, const forward_request& what, upstream& up);

/// Serves one request with absolute-form: reuses `kept` if it goes to the same target for the same
/// user, else opens a stream. True if the client's connection can take another request; if not it
/// was closed, or reset where a response was cut short.
asio::awaitable<bool>
forward(session& s, const forward_request& what, std::unique_ptr<upstream>& kept);

/// Relays both ways after 101 until both sides end; RST on one side resets the other.
asio::awaitable<void> relay_upgraded(session& s, upstream& up);

}  // namespace penstock::inbound
