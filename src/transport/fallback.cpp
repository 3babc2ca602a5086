#include <penstock/io/deadline.hpp>
#include <penstock/net/connector.hpp>
#include <penstock/transport/fallback.hpp>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/write.hpp>

#include <utility>
#include <vector>

#include "visit.hpp"

namespace penstock::transport {
namespace {

namespace asio = io::asio;
using io::as_result;

constexpr std::chrono::seconds connect_timeout{5};

/// Both directions of one proxied connection. Lives in proxy_to()'s frame.
struct proxied {
    channel& client;
    io::tcp::socket& client_socket;
    io::tcp::socket& server_socket;
    io::deadline_guard& idle;
    io::clock::duration idle_timeout;

    void close_both() noexcept
    {
        error_code ignored;
        client_socket.close(ignored);
        server_socket.close(ignored);
    }
};

asio::awaitable<void> to_server(proxied& p, flat_buffer from_client)
{
    for (;;) {
        const auto view = from_client.view();
        const auto out = asio::buffer(view.data(), view.size());
        auto [ec, count] = co_await asio::async_write(p.server_socket, out, as_result);
        if (ec) {
            p.close_both();
            co_return;
        }
        p.idle.extend(p.idle_timeout);
        from_client.clear();
        if (const auto read_ec = co_await p.client.read(from_client); read_ec) {
            error_code ignored;
            if (read_ec == asio::error::eof)
                p.server_socket.shutdown(io::tcp::socket::shutdown_send, ignored);
            else
                p.close_both();
            co_return;
        }
    }
}

asio::awaitable<void> to_client(proxied& p)
{
    constexpr std::size_t chunk_octets = 16 * 1024;
    octets chunk(chunk_octets);
    for (;;) {
        auto [ec, count] = co_await p.server_socket.async_read_some(asio::buffer(chunk), as_result);
        if (ec == asio::error::eof) {
            co_await p.client.shutdown();
            co_return;
        }
        if (ec || co_await p.client.write(byte_view(chunk).first(count))) {
            p.close_both();
            co_return;
        }
        p.idle.extend(p.idle_timeout);
    }
}

}  // namespace

result<fallback> parse_fallback(std::string_view text)
{
    const auto invalid = std::make_error_code(std::errc::invalid_argument);
    if (text == "404")
        return fallback{not_found{}};
    if (text.starts_with("http://")) {
        text.remove_prefix(7);
        if (text.ends_with('/'))
            text.remove_suffix(1);
        const auto to = parse_target(text);
        if (!to || !std::holds_alternative<ip_address>(to->host))
            return invalid;
        return fallback{reverse_proxy{{std::get<ip_address>(to->host), to->port}}};
    }
    if (text.empty() || text.find("://") != std::string_view::npos)
        return invalid;
    return fallback{static_folder{std::string(text)}};
}

std::string encode_answer(std::string_view status, std::string_view text, bool head_only)
{
    std::string out = "HTTP/1.1 ";
    out.append(status).append("\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ");
    out.append(std::to_string(text.size())).append("\r\nConnection: close\r\n\r\n");
    return head_only ? out : out.append(text);
}

asio::awaitable<void> say_and_close(io::tcp::socket& socket, channel& to, std::string answer)
{
    io::deadline_guard guard(socket, farewell_timeout);
    const byte_view octets(reinterpret_cast<const std::uint8_t*>(answer.data()), answer.size());
    co_await to.write(octets);
    co_await to.finish();
}

asio::awaitable<void> proxy_to(
    io::tcp::socket& socket,
    channel& client,
    const io::tcp::endpoint& to,
    flat_buffer received,
    io::clock::duration idle_timeout
)
{
    using namespace asio::experimental::awaitable_operators;

    net::connect_settings connecting;
    connecting.deadline = connect_timeout;
    std::vector<io::tcp::endpoint> candidates{to};
    auto connected = co_await net::connect(std::move(candidates), std::move(connecting));
    if (!connected.socket) {
        co_await say_and_close(socket, client, encode_answer("502 Bad Gateway", "bad gateway\n"));
        co_return;
    }
    auto& server_socket = *connected.socket;
    io::deadline_guard idle(socket.get_executor().context(), idle_timeout, [&] {
        error_code ignored;
        socket.close(ignored);
        server_socket.close(ignored);
    });
    proxied p{client, socket, server_socket, idle, idle_timeout};
    client.begin_duplex();
    co_await (to_server(p, std::move(received)) && to_client(p));
    p.close_both();
}

asio::awaitable<void> serve_fallback(
    io::tcp::socket& socket,
    channel& client,
    const accept_settings& settings,
    const http::request_head& request,
    flat_buffer received
)
{
    if (const auto* const proxy = std::get_if<reverse_proxy>(&settings.fallback)) {
        co_await proxy_to(
            socket, client, proxy->to, std::move(received), settings.fallback_idle_timeout
        );
    } else if (const auto* const folder = std::get_if<static_folder>(&settings.fallback)) {
        io::deadline_guard guard(socket, settings.fallback_idle_timeout);
        co_await serve_file(client, *folder, request);
        co_await client.finish();
    } else {
        const bool head_only = request.method == "HEAD";
        co_await say_and_close(
            socket, client, encode_answer("404 Not Found", "not found\n", head_only)
        );
    }
}

}  // namespace penstock::transport
