#include <penstock/transport/accept.hpp>
#include <penstock/transport/upgrade.hpp>

#include <algorithm>

namespace penstock::transport {
namespace {

using kind = upgrade_verdict::kind;

upgrade_verdict refuse(std::string reason)
{
    return {.what = kind::stranger, .reason = std::move(reason)};
}

/// A short answer that ends the connection; nothing in it says what program this is.
std::string answer(std::string_view status, std::string_view field, std::string_view text)
{
    std::string out = "HTTP/1.1 ";
    out.append(status).append("\r\n").append(field);
    out.append("Content-Type: text/plain; charset=utf-8\r\nContent-Length: ");
    out.append(std::to_string(text.size()));
    return out.append("\r\nConnection: close\r\n\r\n").append(text);
}

std::string switching_protocols(std::string_view key)
{
    std::string out = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                      "Connection: Upgrade\r\nSec-WebSocket-Accept: ";
    out.append(websocket_accept(key)).append("\r\nSec-WebSocket-Protocol: ").append(subprotocol);
    return out.append("\r\n\r\n");
}

/// 16 octets in base64: 22 characters and the padding.
bool is_websocket_key(std::string_view key)
{
    const auto is_base64 = [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '/';
    };
    return key.size() == 24 && key.ends_with("==") &&
           std::ranges::all_of(key.substr(0, 22), is_base64);
}

/// Empty, or why this is no upgrade that we know.
std::string why_not_ours(const http::request_head& request, const std::string& path)
{
    const auto& fields = request.fields;
    // A balancer may have been told to look at a query (`n`), which is not for us.
    const std::string_view target = request.target;
    if (target.substr(0, target.find('?')) != path)
        return "another path";
    if (request.method != "GET" || request.minor_version != 1 ||
        !http::list_has(fields, "Upgrade", "websocket") ||
        !http::list_has(fields, "Connection", "Upgrade"))
        return "not a WebSocket upgrade";
    if (http::count(fields, "Content-Length") + http::count(fields, "Transfer-Encoding") != 0)
        return "an upgrade with a body";
    if (http::count(fields, "Host") != 1)
        return "an upgrade without Host";
    const auto offered = http::list_of(fields, "Sec-WebSocket-Protocol");
    if (std::ranges::find(offered, subprotocol) == offered.end())
        return "a WebSocket client that does not offer " + std::string(subprotocol);
    // Browsers send it, gateways do not: no page may open a link with its user's certificate.
    if (http::count(fields, "Origin") != 0)
        return "a browser (Origin)";
    if (http::count(fields, "Sec-WebSocket-Key") != 1 ||
        !is_websocket_key(http::value_of(fields, "Sec-WebSocket-Key")))
        return "a malformed Sec-WebSocket-Key";
    return {};
}

/// The token of "Authorization: Bearer TOKEN" (RFC 6750 section 2.1); empty without.
std::string_view bearer_token(const http::fields& fields)
{
    const auto value = http::value_of(fields, "Authorization");
    const auto space = value.find(' ');
    if (http::count(fields, "Authorization") != 1 || space == std::string_view::npos ||
        !http::same_name(value.substr(0, space), "Bearer"))
        return {};
    const auto token = value.substr(space);
    return token.substr(std::min(token.find_first_not_of(' '), token.size()));
}

/// The common name is the identity; certificates made for people may have a mail address only.
std::string name_of(const tls::certificate& client)
{
    if (!client.common_name.empty())
        return client.common_name;
    for (const auto* names : {&client.mails, &client.dns_names})
        if (!names->empty())
            return names->front();
    return {};
}

std::optional<auth::principal> identify(
    const http::fields& fields,
    const accept_settings& settings,
    const std::optional<tls::certificate>& client
)
{
    if (settings.client_certificates && client)
        if (auto name = name_of(*client); !name.empty())
            return auth::principal{std::move(name), auth::principal_kind::certificate};
    if (settings.users)
        if (const auto token = bearer_token(fields); !token.empty())
            if (auto who = settings.users->find_token(token))
                return who;
    // A wrong token is no anonymous client: its owner believes to be somebody.
    if (settings.anonymous && (!settings.users || http::count(fields, "Authorization") == 0))
        return auth::principal{};
    return std::nullopt;
}

}  // namespace

upgrade_verdict judge_request(
    const http::request_head& request,
    const accept_settings& settings,
    const std::optional<tls::certificate>& client
)
{
    if (auto why = why_not_ours(request, settings.path); !why.empty())
        return refuse(std::move(why));

    const auto& fields = request.fields;
    if (http::value_of(fields, "Sec-WebSocket-Version") != "13")
        return {
            .what = kind::wrong_version,
            .response = answer(
                "426 Upgrade Required",
                "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n",
                "this server speaks version 13 of WebSocket\n"
            ),
            .reason = "another version of WebSocket",
        };
    auto who = identify(fields, settings, client);
    if (!who)
        return {
            .what = kind::unauthorised,
            .response = answer(
                "401 Unauthorized",
                "WWW-Authenticate: Bearer\r\n",
                "a valid token or client certificate is needed\n"
            ),
            .reason = http::count(fields, "Authorization") != 0 ? "wrong token" : "no token",
        };
    return {
        .what = kind::accepted,
        .who = std::move(*who),
        .response = switching_protocols(http::value_of(fields, "Sec-WebSocket-Key")),
    };
}

}  // namespace penstock::transport
