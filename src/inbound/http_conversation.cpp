#include "http_conversation.hpp"

#include <penstock/http/body.hpp>
#include <penstock/http/forward.hpp>
#include <penstock/http/message.hpp>
#include <penstock/http/proxy_request.hpp>

#include <boost/asio/error.hpp>

#include <memory>
#include <utility>

#include "exchange.hpp"
#include "http_reply.hpp"

namespace penstock::inbound {
namespace {

using http::after_response;

constexpr std::size_t head_piece_octets = 2048;  // most request heads come whole in it

byte_view bytes(std::string_view text) noexcept
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Errors: of receive_some(), http::errc.
asio::awaitable<result<http::request_head>> read_head(session& s)
{
    const http::head_limits limits{s.config.head_octets_max, s.config.head_fields_max};
    http::head_scanner scanner(limits);
    for (;;) {
        const auto found = scanner.handle_octets(s.received.view());
        if (!found)
            co_return found.error();
        if (*found > 0) {
            auto head = http::parse_request_head(s.received.view().first(*found), limits);
            s.received.consume(*found);
            co_return head;
        }
        if (const auto ec = co_await receive_some(s, s.client, s.received, head_piece_octets))
            co_return ec;
    }
}

/// Tells the client why its head is not taken, unless it said nothing or went away.
asio::awaitable<void> refuse_head(session& s, error_code ec)
{
    const bool late = ec == asio::error::timed_out;
    if (!late && ec.category() != http::category())
        co_return;
    if (late && s.received.empty())
        co_return;
    const auto what = late ? http::request_timeout() : http::problem_of(ec);
    s.log_rejected(what.text);
    const http::problem_options options;
    co_await reply(s, what, options);
}

struct identity {
    bool accepted = false;
    std::string user;
};

identity authenticate(const session& s, const http::request_head& head)
{
    if (s.users == nullptr)
        return {true, {}};
    const auto given = http::proxy_credentials(head);
    if (!given) {
        s.log_rejected(given.error().message());
        return {};
    }
    if (!*given)
        return {};  // how a client finds out that it has to
    if (s.users->check((*given)->user, (*given)->password))
        return {true, (*given)->user};
    s.log_rejected("wrong user name or password");
    return {};
}

/// CONNECT: true if the connection goes on as HTTP.
asio::awaitable<bool>
tunnel(session& s, const http::request_head& head, open_request request, bool keep)
{
    const auto subject = head.target;
    auto outcome = co_await open_watched(s, std::move(request));
    if (!outcome)
        co_return false;
    if (outcome->code != failure::none) {
        const auto what = http::problem_of(outcome->code);
        const http::problem_options options{
            .detail = outcome->detail,
            .subject = subject,
            .next = keep ? after_response::keep_alive : after_response::close,
        };
        co_return co_await reply(s, what, options);
    }
    s.set_deadline(s.config.linger_timeout);
    if (co_await send_all(s, s.client, bytes(http::tunnel_established())))
        co_return false;
    const auto early = s.received.view();
    outcome->stream->attach(std::move(s.client), octets(early.begin(), early.end()));
    co_return false;
}

/// One request; true if the connection can take another one.
asio::awaitable<bool>
handle_request(session& s, const http::request_head& head, std::unique_ptr<upstream>& kept)
{
    http::problem_options options;
    options.head_only = head.method == "HEAD";
    const auto body = http::framing_of(head);
    auto request = http::classify(head);
    if (!body || !request) {
        const auto what = http::problem_of(body ? request.error() : body.error());
        s.log_rejected(what.text);
        co_return co_await reply(s, what, options);
    }
    // What follows CONNECT belongs to the tunnel: it must not be read as a request if there is
    // none. Nor must a body.
    const bool is_tunnel = request->kind == http::request_kind::tunnel;
    const bool bodyless = http::body_reader(*body).done();
    const bool keep = http::keeps_alive(head) && bodyless && (!is_tunnel || s.received.empty());
    options.next = keep ? after_response::keep_alive : after_response::close;

    auto who = authenticate(s, head);
    if (!who.accepted) {
        const auto what = http::authentication_required();
        co_return co_await reply(s, what, options);
    }
    if (is_tunnel) {
        open_request wanted{std::move(request->destination), std::move(who.user)};
        co_return co_await tunnel(s, head, std::move(wanted), keep);
    }
    if (request->kind == http::request_kind::answer) {
        s.set_deadline(s.config.linger_timeout);
        const auto answer = http::encode_final_answer(head, options.next);
        if (co_await send_all(s, s.client, bytes(answer)))
            co_return false;
        if (!keep)
            co_await linger_close(s);
        co_return keep;
    }
    const forward_request what{head, *request, *body, std::move(who.user)};
    co_return co_await forward(s, what, kept);
}

/// Waits for the next request without a buffer.
asio::awaitable<bool> wait_for_request(session& s)
{
    if (!s.received.empty())
        co_return true;
    s.received.release();
    s.set_deadline(s.config.keep_alive_timeout);
    auto [ec] = co_await s.client.async_wait(io::stream_socket::wait_read, io::as_result);
    co_return !ec && !s.expired();
}

}  // namespace

asio::awaitable<bool> reply(session& s, const http::problem& what, http::problem_options options)
{
    s.set_deadline(s.config.linger_timeout);
    const auto message = http::encode_problem(what, options);
    if (co_await send_all(s, s.client, bytes(message)))
        co_return false;
    if (options.next == after_response::keep_alive)
        co_return true;
    co_await linger_close(s);
    co_return false;
}

asio::awaitable<void> talk_http(session& s)
{
    s.protocol = "http";
    std::unique_ptr<upstream> kept;
    do {
        s.set_deadline(s.config.handshake_timeout);
        auto head = co_await read_head(s);
        if (!head) {
            co_await refuse_head(s, head.error());
            co_return;
        }
        if (!co_await handle_request(s, *head, kept))
            co_return;
    } while (co_await wait_for_request(s));
}

}  // namespace penstock::inbound
