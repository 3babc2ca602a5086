#pragma once

#include <penstock/http/problem.hpp>

#include "session.hpp"

namespace penstock::inbound {

/// Sends an answer of the proxy itself; whether the connection can take another request. If not it
/// was closed. Lifetime: `options` borrows text of the caller's frame.
asio::awaitable<bool> reply(session& s, const http::problem& what, http::problem_options options);

}  // namespace penstock::inbound
