#include <penstock/observe/log.hpp>
#include <penstock/transport/upgrade.hpp>

#include <algorithm>
#include <charconv>

namespace penstock::transport {
namespace {

/// A server must not be able to send us away for ever.
constexpr std::chrono::seconds retry_after_max{300};

constexpr auto* path_remedy =
    "check host and path in --server; the path must be the server's --path";

/// Peer text of bounded length, quoted.
std::string quoted(std::string_view text)
{
    constexpr std::size_t shown_max = 120;
    std::string out;
    observe::append_quoted(out, text.substr(0, shown_max));
    return out;
}

std::string status_line(const http::response_head& response)
{
    auto text = std::to_string(response.status);
    if (!response.reason.empty())
        text += ' ' + quoted(response.reason);
    return text;
}

/// Delta-seconds only (RFC 9110 section 10.2.3); a date says nothing to a clock that may be wrong.
std::chrono::seconds retry_after_of(const http::response_head& response)
{
    const auto text = http::value_of(response.fields, "Retry-After");
    std::uint32_t seconds = 0;
    const auto* const end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, seconds);
    if (error != std::errc{} || at != end)
        return {};
    return std::min(std::chrono::seconds(seconds), retry_after_max);
}

dial_failure refused_by(const http::response_head& response, bool token_sent)
{
    dial_failure why{.step = dial_step::auth, .refused = true};
    if (response.status == 403) {
        why.cause = "the server refused us: " + status_line(response);
        why.remedy = "ask who runs it to let this identity in";
    } else if (token_sent) {
        why.cause = "the server refused the token";
        why.remedy = "check that its line, made by `penstock keys token`, is in the server's "
                     "users file";
    } else {
        why.cause = "the server wants to know who we are";
        why.remedy = "use --token-file, or --cert and --key";
    }
    return why;
}

dial_failure
told_by_status(const http::response_head& response, const server_url& server, bool token_sent)
{
    dial_failure why{.step = dial_step::upgrade};
    why.retry_after = retry_after_of(response);
    switch (response.status) {
    case 401:
    case 403:
        return refused_by(response, token_sent);
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        why.cause = to_string(server) + " redirects to " +
                    quoted(http::value_of(response.fields, "Location"));
        why.remedy = "if that is the penstock server, give its address as wss:// in --server";
        return why;
    case 400:
    case 404:
    case 405:
    case 200:
        why.cause =
            "there is no penstock server at " + to_string(server) + ": " + status_line(response);
        why.remedy = path_remedy;
        return why;
    case 426:
        why.cause = "the server speaks another version of WebSocket";
        why.remedy = "update the older of the two";
        return why;
    case 429:
    case 503:
        why.cause = "the server is overloaded or being restarted: " + status_line(response);
        return why;
    case 502:
    case 504:
        why.cause =
            "the reverse proxy in front of the server cannot reach it: " + status_line(response);
        why.remedy = "look at the server and at the proxy's log";
        return why;
    default:
        why.cause = to_string(server) + " answered " + status_line(response);
        why.remedy = path_remedy;
        return why;
    }
}

}  // namespace

std::string
encode_upgrade_request(const server_url& server, std::string_view key, std::string_view token)
{
    const auto query = server.node.empty() ? std::string() : "?n=" + server.node;
    std::string out = "GET " + server.path + query + " HTTP/1.1\r\nHost: " + authority_of(server) +
                      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ";
    out += key;
    out += "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ";
    out += subprotocol;
    if (!token.empty()) {
        out += "\r\nAuthorization: Bearer ";
        out += token;
    }
    return out += "\r\n\r\n";
}

std::optional<dial_failure> judge_response(
    const http::response_head& response,
    const server_url& server,
    std::string_view key,
    bool token_sent
)
{
    if (response.status != 101)
        return told_by_status(response, server, token_sent);

    const auto& fields = response.fields;
    dial_failure why{.step = dial_step::upgrade, .remedy = path_remedy};
    const auto protocol = http::value_of(fields, "Sec-WebSocket-Protocol");
    if (!http::list_has(fields, "Upgrade", "websocket") ||
        !http::list_has(fields, "Connection", "Upgrade"))
        why.cause = to_string(server) + " upgrades to something that is not WebSocket";
    else if (http::count(fields, "Sec-WebSocket-Accept") != 1 ||
             http::value_of(fields, "Sec-WebSocket-Accept") != websocket_accept(key))
        why.cause = to_string(server) + " answered another request than ours (a cache in between?)";
    else if (http::count(fields, "Sec-WebSocket-Extensions") != 0)
        why.cause = to_string(server) + " wants WebSocket extensions that were not offered";
    else if (http::count(fields, "Sec-WebSocket-Protocol") != 1 || protocol != subprotocol)
        why.cause = to_string(server) + " is a WebSocket server, but does not speak " +
                    std::string(subprotocol);
    else
        return std::nullopt;
    return why;
}

}  // namespace penstock::transport
