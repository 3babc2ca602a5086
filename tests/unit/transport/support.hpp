#pragma once

#include <penstock/net/resolver.hpp>
#include <penstock/transport/accept.hpp>
#include <penstock/transport/dial.hpp>
#include <penstock/transport/upgrade.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <string>
#include <thread>

#include "unit/tls/pair.hpp"

// As in src/transport/dial.cpp: g++ 12 mistakes the frames of Asio's coroutines for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace transport_test {

namespace asio = boost::asio;
namespace auth = penstock::auth;
namespace io = penstock::io;
namespace net = penstock::net;
namespace tls = penstock::tls;
namespace transport = penstock::transport;
namespace ws = penstock::ws;
using namespace std::chrono_literals;
using asio::ip::tcp;
using penstock::error_code;
using penstock::flat_buffer;
using penstock::octets;
using tls_test::credentials_of;
using tls_test::keys;
using tls_test::to_octets;

/// The bound is for a broken program only.
template <class T>
T get(std::future<T> future)
{
    BOOST_TEST_REQUIRE((future.wait_for(20s) == std::future_status::ready), "nothing happened");
    return future.get();
}

inline net::resolver_settings fake_names()
{
    net::resolver_settings s;
    s.lookup = [](const std::string& name) {
        if (name == "nowhere.example")
            return net::lookup_result{penstock::failure::name_not_found, "no such name", {}};
        return net::lookup_result{penstock::failure::none, {}, {asio::ip::address_v4::loopback()}};
    };
    return s;
}

/// The code under test runs on a thread of its own; the test thread plays its peers, blocking.
struct world {
    asio::io_context context;
    net::resolver resolver{fake_names()};
    tcp::acceptor acceptor{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
    std::string token = "pst_correct";
    transport::accept_settings accept;
    transport::dial_settings dial;
    transport::server_url url{"a.example", acceptor.local_endpoint().port(), "/penstock"};
    asio::executor_work_guard<asio::io_context::executor_type> work =
        asio::make_work_guard(context);
    std::jthread thread{[this] { context.run(); }};

    world()
    {
        accept.tls = *tls::context::make_server(tls_test::server_settings());
        accept.users = auth::user_table::parse(auth::token_line("alice", token) + "\n");
        dial.tls = *tls::context::make_client(tls_test::client_settings());
        dial.token = token;
    }
    ~world()
    {
        work.reset();
        context.stop();
    }
    world(const world&) = delete;
    world& operator=(const world&) = delete;

    std::future<transport::accept_outcome> start_accept()
    {
        return asio::co_spawn(context, accept_one(), asio::use_future);
    }
    std::future<transport::dial_outcome> start_dial()
    {
        return asio::co_spawn(context, transport::dial(url, dial, resolver), asio::use_future);
    }

    /// A blocking connection to start_accept().
    tcp::socket connect()
    {
        tcp::socket s(context);
        s.connect(acceptor.local_endpoint());
        s.set_option(tcp::no_delay(true));
        return s;
    }
    /// A blocking connection from start_dial().
    tcp::socket take()
    {
        auto s = acceptor.accept();
        s.set_option(tcp::no_delay(true));
        return s;
    }

private:
    asio::awaitable<transport::accept_outcome> accept_one()
    {
        tcp::socket s(context);
        co_await acceptor.async_accept(s, asio::use_awaitable);
        co_return co_await transport::accept(std::move(s), accept);
    }
};

/// A peer that does one thing after the other, with or without TLS.
struct blocking_peer {
    tcp::socket socket;
    std::optional<tls::engine> engine;
    std::size_t step = std::numeric_limits<std::size_t>::max();  ///< octets for each write
    octets received = octets(16'384);                            ///< lent to the engine

    explicit blocking_peer(tcp::socket s) : socket(std::move(s)) {}

    static blocking_peer
    client(tcp::socket s, const tls::client_settings& settings = tls_test::client_settings())
    {
        blocking_peer p(std::move(s));
        p.engine = *tls::engine::client(**tls::context::make_client(settings), "a.example");
        return p;
    }
    static blocking_peer
    server(tcp::socket s, const tls::server_settings& settings = tls_test::server_settings())
    {
        blocking_peer p(std::move(s));
        p.engine = *tls::engine::server(**tls::context::make_server(settings));
        return p;
    }

    void send_raw(penstock::byte_view wire)
    {
        error_code ec;
        while (!wire.empty() && !ec) {
            const auto count = std::min(step, wire.size());
            asio::write(socket, asio::buffer(wire.data(), count), ec);
            wire = wire.subspan(count);
        }
    }

    bool shake_hands()
    {
        for (;;) {
            flat_buffer out;
            const auto done = engine->handshake(out);
            send_raw(out.view());
            if (!done)
                return false;
            if (*done)
                return true;
            error_code ec;
            const auto count = socket.read_some(asio::buffer(received), ec);
            if (ec)
                return false;
            engine->feed(penstock::byte_view(received).first(count));
        }
    }

    void send(const octets& plain)
    {
        if (!engine)
            return send_raw(plain);
        flat_buffer out;
        BOOST_TEST(!engine->write(plain, out));
        send_raw(out.view());
    }
    void send(std::string_view text) { send(to_octets(text)); }

    /// Appends what comes next; false at the end, however it came.
    bool read_more(std::string& text)
    {
        octets plain(20'000);
        for (;;) {
            flat_buffer out;
            if (engine) {
                const auto before = text.size();
                for (;;) {
                    const auto got = engine->read(plain, out);
                    if (!got)
                        return text.size() > before;
                    if (*got == 0)
                        break;
                    text.append(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(*got));
                }
                if (text.size() > before)
                    return true;
            }
            error_code ec;
            const auto count = socket.read_some(asio::buffer(received), ec);
            if (ec)
                return false;
            const auto wire = penstock::byte_view(received).first(count);
            if (!engine) {
                text.append(wire.begin(), wire.end());
                return true;
            }
            engine->feed(wire);
        }
    }

    std::string read_until(std::string_view end)
    {
        std::string text;
        while (text.find(end) == std::string::npos && read_more(text)) {
        }
        return text;
    }
    std::string read_to_end()
    {
        std::string text;
        while (read_more(text)) {
        }
        return text;
    }
};

/// What our gateway sends, by hand.
inline std::string upgrade_request(
    std::string_view path = "/penstock",
    std::string_view fields = "Sec-WebSocket-Protocol: penstock.v1\r\n"
                              "Authorization: Bearer pst_correct\r\n"
)
{
    return "GET " + std::string(path) +
           " HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\nConnection: keep-alive, "
           "Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: "
           "13\r\n" +
           std::string(fields) + "\r\n";
}

/// The answer of a good server to `request`.
inline std::string good_answer(const std::string& request)
{
    const std::string field = "Sec-WebSocket-Key: ";
    const auto at = request.find(field) + field.size();
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Accept: " +
           transport::websocket_accept(request.substr(at, 24)) +
           "\r\nSec-WebSocket-Protocol: penstock.v1\r\n\r\n";
}

}  // namespace transport_test
