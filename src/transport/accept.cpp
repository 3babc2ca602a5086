#include <penstock/io/deadline.hpp>
#include <penstock/io/socket.hpp>
#include <penstock/observe/log.hpp>
#include <penstock/transport/accept.hpp>
#include <penstock/transport/upgrade.hpp>

#include <utility>

#include "channel.hpp"
#include "link_socket.hpp"
#include "visit.hpp"

// g++ 12 inlines Asio's operator new for a coroutine's frame but not its operator delete, and takes
// the two for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace penstock::transport {
namespace {

namespace asio = io::asio;
using observe::bare;

constexpr std::uint8_t tls_handshake_record = 0x16;  // RFC 8446 section 5.1

/// One connection until it is a link or gone. Lives in accept()'s frame.
struct visitor {
    visitor(io::tcp::socket s, const accept_settings& config)
        : socket(std::move(s)), settings(config), peer(io::peer_name(socket)), wire(socket, engine)
    {
    }
    visitor(const visitor&) = delete;
    visitor& operator=(const visitor&) = delete;

    io::tcp::socket socket;
    const accept_settings& settings;
    std::string peer;
    std::optional<tls::engine> engine;
    channel wire;
    flat_buffer received;  ///< plaintext
    bool spoke = false;    ///< a port check says nothing, and is not worth a line
};

/// Nothing: go on. Otherwise why not, for the log; the connection has been dealt with.
using refusal = std::optional<std::string>;

/// The address that the gate counts; a unix socket is on this machine.
ip_address source_of(const io::tcp::socket& socket)
{
    error_code ec;
    const auto peer = socket.remote_endpoint(ec);
    return ec ? ip_address(asio::ip::address_v4::loopback()) : peer.address();
}

std::string describe(const error_code& ec, bool timed_out, std::string_view during)
{
    if (timed_out)
        return "too slow with " + std::string(during);
    if (ec == asio::error::eof)
        return "left during " + std::string(during);
    return std::string(during) + ": " + ec.message();
}

asio::awaitable<refusal> start_tls(visitor& v)
{
    io::deadline_guard guard(v.socket, v.settings.tls_timeout);
    const auto first = co_await v.wire.listen();
    if (!first)
        co_return describe(first.error(), guard.expired(), "TLS");
    v.spoke = true;
    if (*first >= 'A' && *first <= 'Z') {
        // HTTP without TLS: a person, most likely, who forgot the s of https.
        std::optional<tls::engine> none;
        channel plain(v.socket, none);
        co_await say_and_close(
            v.socket,
            plain,
            encode_answer("400 Bad Request", "this port speaks HTTPS: use https://\n")
        );
        co_return "plain HTTP on the TLS port";
    }
    if (*first != tls_handshake_record)
        co_return "neither TLS nor HTTP";
    if (const auto ec = co_await v.wire.handshake(); ec) {
        if (ec.category() != tls::category())
            co_return describe(ec, guard.expired(), "TLS");
        auto why = "TLS: " + v.engine->failure_detail();
        // The alert is under way; closing on unread octets would overtake it.
        guard.extend(farewell_timeout);
        co_await v.wire.finish();
        co_return why;
    }
    co_return std::nullopt;
}

struct reading {
    std::optional<http::request_head> request;
    std::size_t octets = 0;  ///< of the request in v.received
    std::string failed;      ///< if there is no request
};

asio::awaitable<reading> read_request(visitor& v)
{
    const http::head_limits limits{
        .octets_max = v.settings.request_octets_max,
        .fields_max = v.settings.request_fields_max,
    };
    reading out;
    http::head_scanner scanner(limits);
    error_code malformed;
    io::deadline_guard guard(v.socket, v.settings.request_timeout);
    while (out.octets == 0 && !malformed) {
        if (const auto ec = co_await v.wire.read(v.received); ec) {
            v.spoke = v.spoke || !v.received.empty();
            // An alert of the client about our certificate comes here.
            out.failed = ec.category() == tls::category()
                             ? "TLS: " + v.engine->failure_detail()
                             : describe(ec, guard.expired(), "the HTTP request");
            co_return out;
        }
        const auto complete = scanner.handle_octets(v.received.view());
        if (!complete)
            malformed = complete.error();
        else
            out.octets = *complete;
    }
    if (!malformed) {
        auto head = http::parse_request_head(v.received.view().first(out.octets), limits);
        if (head)
            out.request = std::move(*head);
        else
            malformed = head.error();
    }
    v.spoke = true;
    guard.disarm();
    if (malformed) {
        out.failed = "HTTP request: " + malformed.message();
        co_await say_and_close(v.socket, v.wire, encode_answer("400 Bad Request", "bad request\n"));
    }
    co_return out;
}

void report(visitor& v, std::string_view reason, bool quiet = false)
{
    const auto level = quiet ? observe::severity::debug : observe::severity::info;
    if (!observe::enabled(level))
        return;
    const auto passed_over = v.settings.gate->may_report(io::clock::now());
    if (!passed_over)
        return;
    const observe::field peer("peer", bare(v.peer));
    const observe::field why("reason", reason);
    if (*passed_over > 0)
        observe::log(level, "client.rejected", {peer, why, {"unreported", *passed_over}});
    else
        observe::log(level, "client.rejected", {peer, why});
}

accept_outcome rejected(visitor& v, std::string reason)
{
    report(v, reason, !v.spoke);
    accept_outcome out;
    out.rejected = std::move(reason);
    return out;
}

accept_outcome accepted(visitor& v, auth::principal who, octets early)
{
    auto congestion = tune_link_socket(v.socket, v.settings.congestion);
    auto description = v.engine ? v.engine->description() : "plain";
    accept_outcome out;
    out.who = std::move(who);
    out.link.emplace(link{
        .socket = std::move(v.socket),
        .tls = std::move(v.engine),
        .role = ws::role::server,
        .decoder = ws::decoder(ws::role::server, message_octets_max),
        .early = std::move(early),
        .peer_address = std::move(v.peer),
        .description = std::move(description),
        .congestion = std::move(congestion.name),
        .paced = congestion.paced,
    });
    return out;
}

/// Writes the 101; its reader is a link from then on.
asio::awaitable<accept_outcome>
upgrade(visitor& v, upgrade_verdict verdict, std::size_t request_octets)
{
    io::deadline_guard guard(v.socket, v.settings.request_timeout);
    const auto& text = verdict.response;
    const byte_view response(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    if (const auto ec = co_await v.wire.write(response); ec)
        co_return rejected(v, describe(ec, guard.expired(), "the answer"));
    const auto rest = v.received.view().subspan(request_octets);
    co_return accepted(v, std::move(verdict.who), octets(rest.begin(), rest.end()));
}

/// Steps 3 to 5, on a connection that is secured, or plain.
asio::awaitable<accept_outcome> converse(visitor& v, handshake_gate::place& place)
{
    auto got = co_await read_request(v);
    if (!got.request)
        co_return rejected(v, std::move(got.failed));
    const auto client = v.engine ? v.engine->peer() : std::nullopt;
    auto verdict = judge_request(*got.request, v.settings, client);

    using kind = upgrade_verdict::kind;
    if (verdict.what == kind::accepted)
        co_return co_await upgrade(v, std::move(verdict), got.octets);
    auto out = rejected(v, std::move(verdict.reason));
    place.leave();
    if (verdict.what == kind::stranger)
        co_await serve_fallback(v.socket, v.wire, v.settings, *got.request, std::move(v.received));
    else
        co_await say_and_close(v.socket, v.wire, std::move(verdict.response));
    co_return out;
}

}  // namespace

asio::awaitable<accept_outcome> accept(io::tcp::socket socket, const accept_settings& settings)
{
    visitor v(std::move(socket), settings);
    auto place = settings.gate->enter(source_of(v.socket));
    if (!place) {
        io::reset(v.socket);
        v.spoke = true;
        co_return rejected(v, "too many handshakes at once");
    }
    if (settings.tls) {
        auto made = tls::engine::server(*settings.tls);
        if (!made)
            co_return rejected(v, made.error().message());
        v.engine.emplace(std::move(*made));
        if (auto why = co_await start_tls(v); why)
            co_return rejected(v, std::move(*why));
    }
    co_return co_await converse(v, *place);
}

}  // namespace penstock::transport
