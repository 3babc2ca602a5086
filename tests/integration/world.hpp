#pragma once

#include <penstock/gateway/gateway.hpp>
#include <penstock/pki/pki.hpp>
#include <penstock/routing/policy.hpp>
#include <penstock/server/server.hpp>
#include <penstock/tls/context.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace integration {

using namespace penstock;
namespace asio = boost::asio;
using asio::ip::tcp;

/// Throw-away certificates, and the two roles made from them.
struct world {
    unsigned threads = 1;
    std::chrono::milliseconds websocket_ping_interval{0};
    std::chrono::milliseconds link_wait{10'000};
    std::chrono::milliseconds drain_timeout{5'000};

    pki::validity valid = pki::valid_for(std::chrono::system_clock::now(), std::chrono::days(1));
    pki::key_pair authority = *pki::make_authority("integration", valid);

    [[nodiscard]] server::settings server_settings(std::uint16_t port = 0) const
    {
        const std::vector<host> names{host{ip_address{asio::ip::address_v4::loopback()}}};
        const auto own = *pki::make_server(authority, names, valid);
        tls::server_settings tls;
        tls.own = {own.certificate_pem, own.key_pem, {}, {}};
        tls.client_ca_pem = authority.certificate_pem;
        tls.client = tls::client_certificate::required;
        server::settings out;
        out.listen = {tcp::endpoint(asio::ip::address_v4::loopback(), port)};
        out.accept.tls = *tls::context::make_server(tls);
        out.accept.client_certificates = true;
        routing::rule_list rules;
        rules.add(routing::parse_rule("127.0.0.0/8 allow", routing::side::server));
        out.egress.policy = routing::policy(std::move(rules));
        out.tunnel.websocket_ping_interval = websocket_ping_interval;
        out.threads = threads;
        out.drain_timeout = drain_timeout;
        return out;
    }

    [[nodiscard]] gateway::settings gateway_settings(std::uint16_t server_port) const
    {
        const auto own = *pki::make_client(authority, "tester", valid);
        tls::client_settings tls;
        tls.own = {own.certificate_pem, own.key_pem, {}, {}};
        tls.ca_pem = authority.certificate_pem;
        gateway::settings out;
        out.listen = {tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
        out.servers = {
            *transport::parse_server_url("wss://127.0.0.1:" + std::to_string(server_port))
        };
        out.dial.tls = *tls::context::make_client(tls);
        out.tunnel.websocket_ping_interval = websocket_ping_interval;
        out.tunnel.backoff_max = std::chrono::milliseconds(200);
        out.threads = threads;
        out.link_wait = link_wait;
        out.drain_timeout = drain_timeout;
        return out;
    }
};

template <class Role>
std::uint16_t port_of(const Role& role)
{
    return std::get<tcp::endpoint>(role.addresses().front()).port();
}

/// Both roles, running.
struct running_pair {
    explicit running_pair(const world& w)
        : far(std::make_unique<server::server>(w.server_settings())),
          near(std::make_unique<gateway::gateway>(w.gateway_settings(port_of(*far))))
    {
        far->start();
        near->start();
    }
    std::unique_ptr<server::server> far;
    std::unique_ptr<gateway::gateway> near;
};

/// A target whose every connection is handled by a thread of its own.
class target_server {
public:
    explicit target_server(std::function<void(tcp::socket&)> handle)
        : handle_(std::move(handle)), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
          thread_([this] { accept_loop(); })
    {
    }
    ~target_server()
    {
        ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
        thread_.join();
        for (auto& worker : workers_)
            worker.join();
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void accept_loop()
    {
        for (;;) {
            error_code ec;
            auto socket = std::make_shared<tcp::socket>(context_);
            acceptor_.accept(*socket, ec);
            if (ec)
                return;
            workers_.emplace_back([this, socket] { handle_(*socket); });
        }
    }

    std::function<void(tcp::socket&)> handle_;
    asio::io_context context_;
    tcp::acceptor acceptor_;
    std::uint16_t port_ = acceptor_.local_endpoint().port();
    std::vector<std::thread> workers_;
    std::thread thread_;
};

/// Sends back what comes until EOF.
inline void echo(tcp::socket& socket)
{
    std::array<char, 16384> chunk;
    error_code ec;
    for (;;) {
        const auto n = socket.read_some(asio::buffer(chunk), ec);
        if (n > 0)
            asio::write(socket, asio::buffer(chunk, n), ec);
        if (ec)
            break;
    }
    socket.shutdown(tcp::socket::shutdown_send, ec);
}

/// Sends until nobody takes it any more.
inline void pour(tcp::socket& socket)
{
    const std::vector<char> chunk(65536);
    error_code ec;
    while (!ec)
        asio::write(socket, asio::buffer(chunk), ec);
}

/// A SOCKS5 client without authentication, blocking.
struct socks_client {
    socks_client(std::uint16_t proxy_port, std::uint16_t target_port)
    {
        socket.connect({asio::ip::address_v4::loopback(), proxy_port});
        asio::write(socket, asio::buffer("\5\1\0", 3));
        std::array<unsigned char, 10> answer{};
        asio::read(socket, asio::buffer(answer, 2));
        const std::array<unsigned char, 10> request{
            5,
            1,
            0,
            1,
            127,
            0,
            0,
            1,
            static_cast<unsigned char>(target_port >> 8),
            static_cast<unsigned char>(target_port & 0xff)
        };
        asio::write(socket, asio::buffer(request));
        asio::read(socket, asio::buffer(answer));
        reply = answer[1];
    }

    [[nodiscard]] std::string ask(const std::string& text)
    {
        asio::write(socket, asio::buffer(text));
        std::string answer(text.size(), '\0');
        asio::read(socket, asio::buffer(answer));
        return answer;
    }

    asio::io_context context;
    tcp::socket socket{context};
    int reply = -1;
};

}  // namespace integration
