#include "exchange.hpp"

#include <penstock/http/forward.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

#include <utility>

namespace penstock::inbound {
namespace {

using http::after_response;

/// What the two directions share. Lives in exchange()'s frame, so it outlives both.
struct shared_state {
    session& s;
    const forward_request& what;
    upstream& up;
    bool websocket;
    exchange_outcome outcome{};

    void moved() { s.extend_deadline(s.config.exchange_idle_timeout); }
};

void append(flat_buffer& out, std::string_view text)
{
    out.append({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

/// Sends the request; then, or if the target does not take it, watches the client. Completes only
/// when the client's side fails: a target may answer before it has read everything.
asio::awaitable<error_code> upload(shared_state& x)
{
    auto& s = x.s;
    http::body_reader body(x.what.body);
    flat_buffer out;
    append(
        out, http::encode_forwarded_request(x.what.head, x.what.request, x.what.body, x.websocket)
    );
    for (;;) {
        const auto used = body.handle_octets(s.received.view(), out);
        if (!used)
            co_return used.error();
        s.received.consume(*used);
        if (co_await send_all(s, x.up.socket, out.view()))
            break;
        out.clear();
        x.moved();
        if (body.done()) {
            x.outcome.request_sent = true;
            break;
        }
        if (const auto ec = co_await receive_some(s, s.client, s.received, s.config.chunk_octets))
            co_return ec == asio::error::eof ? body.handle_eof() : ec;
    }
    out.release();
    co_await client_gone(s);
    co_return s.expired() ? asio::error::timed_out : asio::error::connection_reset;
}

asio::awaitable<result<http::response_head>> read_head(shared_state& x)
{
    const http::head_limits limits{x.s.config.head_octets_max, x.s.config.head_fields_max};
    http::head_scanner scanner(limits);
    for (;;) {
        const auto found = scanner.handle_octets(x.up.received.view());
        if (!found)
            co_return found.error();
        if (*found > 0) {
            auto head = http::parse_response_head(x.up.received.view().first(*found), limits);
            x.up.received.consume(*found);
            co_return head;
        }
        if (const auto ec =
                co_await receive_some(x.s, x.up.socket, x.up.received, x.s.config.chunk_octets))
            co_return ec;
        x.moved();
    }
}

exchange_end end_of_failed_head(shared_state& x, error_code ec)
{
    if (x.s.expired())
        return exchange_end::timed_out;
    const auto& end = *x.up.end;
    const bool protocol = ec.category() == http::category();
    if (!protocol && end.ended && end.why != failure::none)
        x.outcome.what = http::problem_of(end.why);
    else
        x.outcome.what =
            http::upstream_problem_of(protocol ? ec : error_code(http::errc::truncated_head));
    return protocol || !x.up.received.empty() ? exchange_end::bad_answer : exchange_end::no_answer;
}

/// What the client's connection is for the time being; nothing was sent yet.
exchange_end bad_answer(shared_state& x, error_code ec)
{
    x.outcome.what = http::upstream_problem_of(ec);
    return exchange_end::bad_answer;
}

asio::awaitable<exchange_end> relay_response(shared_state& x, const http::response_head& head)
{
    using kind = http::body_framing::kind;
    auto& s = x.s;
    const auto framing = http::framing_of(head, x.what.head.method);
    if (!framing)
        co_return bad_answer(x, framing.error());
    const bool keep_chunks = x.what.head.minor_version >= 1;
    const bool by_close =
        framing->how == kind::until_close || (framing->how == kind::chunked && !keep_chunks);
    x.outcome.client_reusable = http::keeps_alive(x.what.head) && !by_close;
    const auto next =
        x.outcome.client_reusable ? after_response::keep_alive : after_response::close;

    http::body_reader body(*framing, keep_chunks);
    flat_buffer out;
    append(out, http::encode_forwarded_response(head, *framing, keep_chunks, next));
    for (;;) {
        const auto used = body.handle_octets(x.up.received.view(), out);
        if (!used)
            co_return x.outcome.response_begun ? exchange_end::cut : bad_answer(x, used.error());
        x.up.received.consume(*used);
        if (!out.empty()) {
            x.outcome.response_begun = true;
            if (co_await send_all(s, s.client, out.view()))
                co_return s.expired() ? exchange_end::timed_out : exchange_end::client_lost;
            out.clear();
            x.moved();
        }
        if (body.done())
            break;
        const auto ec = co_await receive_some(s, x.up.socket, x.up.received, s.config.chunk_octets);
        if (ec == asio::error::eof && ended_cleanly(x.up) && !body.handle_eof())
            break;
        if (ec)
            co_return s.expired() ? exchange_end::timed_out : exchange_end::cut;
        x.moved();
    }
    x.outcome.upstream_reusable = http::keeps_alive(head) && framing->how != kind::until_close &&
                                  x.outcome.request_sent && is_reusable(x.up);
    co_return exchange_end::answered;
}

/// Passes interim responses on (RFC 9110 section 15.2), then the final one.
asio::awaitable<exchange_end> download(shared_state& x)
{
    auto& s = x.s;
    for (;;) {
        const auto head = co_await read_head(x);
        if (!head)
            co_return end_of_failed_head(x, head.error());
        const bool switches = head->status == 101;
        if (switches && !x.websocket)
            co_return bad_answer(x, http::errc::bad_start_line);
        if (head->status >= 200)
            co_return co_await relay_response(x, *head);

        if (x.what.head.minor_version < 1)
            continue;  // a client of HTTP/1.0 knows none
        const auto next = switches ? after_response::upgrade : after_response::keep_alive;
        const http::body_framing none;
        flat_buffer out;
        append(out, http::encode_forwarded_response(*head, none, true, next));
        if (switches) {
            x.outcome.response_begun = true;
            out.append(x.up.received.view());  // the new protocol's first octets
            x.up.received.clear();
        }
        if (co_await send_all(s, s.client, out.view()))
            co_return s.expired() ? exchange_end::timed_out : exchange_end::client_lost;
        x.moved();
        if (switches)
            co_return exchange_end::upgraded;
    }
}

}  // namespace

asio::awaitable<exchange_outcome> exchange(session& s, const forward_request& what, upstream& up)
{
    using namespace asio::experimental::awaitable_operators;

    shared_state x{
        s, what, up, http::wants_websocket(what.head) && http::body_reader(what.body).done()
    };
    s.set_deadline(s.config.exchange_idle_timeout);
    s.also_cancelled = &up.socket;
    const auto first = co_await (download(x) || upload(x));
    s.also_cancelled = nullptr;

    if (first.index() == 0) {
        x.outcome.how = std::get<0>(first);
    } else if (const auto ec = std::get<1>(first); s.expired()) {
        x.outcome.how = exchange_end::timed_out;
    } else if (ec.category() == http::category()) {
        x.outcome.how = exchange_end::client_fault;
        x.outcome.what = http::problem_of(ec);
    }
    co_return std::move(x.outcome);
}

}  // namespace penstock::inbound
