#include <penstock/http/forward.hpp>
#include <penstock/io/socket.hpp>

#include <utility>

#include "exchange.hpp"
#include "http_reply.hpp"

namespace penstock::inbound {
namespace {

using http::after_response;

/// Whether the request can be sent once more: the kept connection may have been closed just as it
/// was used.
bool may_repeat(const forward_request& what)
{
    return http::is_idempotent(what.head) && http::body_reader(what.body).done();
}

http::problem problem_of(const exchange_outcome& outcome)
{
    if (outcome.how == exchange_end::timed_out)
        return outcome.request_sent ? http::response_timeout() : http::request_timeout();
    return outcome.what;
}

/// Brings a failed exchange to its end; true if the client's connection can take another request.
asio::awaitable<bool>
conclude(session& s, const forward_request& what, const exchange_outcome& outcome)
{
    if (outcome.how == exchange_end::client_lost)
        co_return false;
    if (outcome.response_begun) {
        // A FIN would make a part of the response look like all of it.
        io::reset(s.client);
        co_return false;
    }
    const bool keep = outcome.request_sent && http::keeps_alive(what.head) &&
                      outcome.how != exchange_end::timed_out;
    const auto problem = problem_of(outcome);
    const auto subject = to_string(what.request.destination);
    const http::problem_options options{
        .subject = subject,
        .head_only = what.head.method == "HEAD",
        .next = keep ? after_response::keep_alive : after_response::close,
    };
    co_return co_await reply(s, problem, options);
}

asio::awaitable<bool>
tell_not_opened(session& s, const forward_request& what, const open_outcome& outcome)
{
    const auto problem = http::problem_of(outcome.code);
    const auto subject = to_string(what.request.destination);
    const bool keep = http::keeps_alive(what.head) && http::body_reader(what.body).done();
    const http::problem_options options{
        .detail = outcome.detail,
        .subject = subject,
        .head_only = what.head.method == "HEAD",
        .next = keep ? after_response::keep_alive : after_response::close,
    };
    co_return co_await reply(s, problem, options);
}

}  // namespace

asio::awaitable<bool>
forward(session& s, const forward_request& what, std::unique_ptr<upstream>& kept)
{
    // 1. a stream to the target, 2. request and response, 3. once more if a kept stream turned out
    // to be closed.
    if (kept && (kept->destination != what.request.destination || kept->user != what.user ||
                 !is_reusable(*kept)))
        kept.reset();
    for (bool reused = kept != nullptr;; reused = false) {
        if (!kept) {
            open_request wanted{what.request.destination, what.user};
            const auto opened = co_await connect_upstream(s, std::move(wanted), kept);
            if (!opened)
                co_return false;
            if (opened->code != failure::none)
                co_return co_await tell_not_opened(s, what, *opened);
        }
        const auto outcome = co_await exchange(s, what, *kept);
        if (outcome.how == exchange_end::upgraded) {
            co_await relay_upgraded(s, *kept);
            co_return false;
        }
        if (outcome.how != exchange_end::answered || !outcome.upstream_reusable)
            kept.reset();
        if (outcome.how == exchange_end::no_answer && reused && may_repeat(what))
            continue;
        if (outcome.how != exchange_end::answered)
            co_return co_await conclude(s, what, outcome);
        if (outcome.client_reusable && outcome.request_sent)
            co_return true;
        co_await linger_close(s);
        co_return false;
    }
}

}  // namespace penstock::inbound
