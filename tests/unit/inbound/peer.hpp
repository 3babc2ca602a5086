#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace penstock::inbound::test {

/// A blocking TCP socket of the test: a client of the proxy, or a target. A wait that takes too
/// long is a failure of the test, not a hang.
class peer {
public:
    static constexpr int patience_ms = 10'000;

    explicit peer(int descriptor = -1) noexcept : descriptor_(descriptor)
    {
        const int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    peer(peer&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    peer& operator=(peer&& other) noexcept
    {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~peer() { close(); }

    static peer connect(std::uint16_t port)
    {
        peer made(::socket(AF_INET, SOCK_STREAM, 0));
        const auto address = loopback(port);
        if (::connect(
                made.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address
            ) != 0)
            throw std::runtime_error("connect");
        return made;
    }
    /// A listener; `port` says where.
    static peer listen(std::uint16_t& port)
    {
        peer made(::socket(AF_INET, SOCK_STREAM, 0));
        auto address = loopback(0);
        socklen_t size = sizeof address;
        if (::bind(made.descriptor_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
            ::listen(made.descriptor_, 64) != 0 ||
            ::getsockname(made.descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("listen");
        port = ntohs(address.sin_port);
        return made;
    }
    peer accept()
    {
        wait_for(POLLIN, "no connection arrived");
        return peer(::accept(descriptor_, nullptr, nullptr));
    }

    void send(std::string_view text)
    {
        while (!text.empty()) {
            wait_for(POLLOUT, "cannot send");
            const auto sent =
                ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0)
                throw std::runtime_error("send: " + std::string(std::strerror(errno)));
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// One octet at a time, each in a segment of its own as far as the kernel allows.
    void send_slowly(std::string_view text)
    {
        for (const char c : text)
            send({&c, 1});
    }

    /// Exactly this many octets, fewer at the end of the connection.
    std::string receive(std::size_t octets)
    {
        std::string text;
        while (text.size() < octets) {
            wait_for(POLLIN, "nothing arrived, after: " + text);
            char piece[16384];
            const auto received =
                ::recv(descriptor_, piece, std::min(sizeof piece, octets - text.size()), 0);
            if (received <= 0)
                break;
            text.append(piece, static_cast<std::size_t>(received));
        }
        return text;
    }
    std::string receive_until(std::string_view end)
    {
        std::string text;
        while (!text.ends_with(end)) {
            const auto octet = receive(1);
            if (octet.empty())
                break;
            text += octet;
        }
        return text;
    }
    std::string receive_head() { return receive_until("\r\n\r\n"); }
    void expect(std::string_view text) { BOOST_TEST(receive(text.size()) == text); }

    /// How the connection ended: "eof", "reset", or "data" if it did not.
    std::string end()
    {
        wait_for(POLLIN, "the connection did not end");
        char octet = 0;
        const auto received = ::recv(descriptor_, &octet, 1, 0);
        return received > 0 ? "data" : received == 0 ? "eof" : "reset";
    }

    std::uint16_t peer_port() const
    {
        sockaddr_in address{};
        socklen_t size = sizeof address;
        ::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
        return ntohs(address.sin_port);
    }

    void finish() { ::shutdown(descriptor_, SHUT_WR); }
    void reset()
    {
        const linger at_once{1, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }
    void close()
    {
        if (descriptor_ >= 0)
            ::close(std::exchange(descriptor_, -1));
    }

private:
    static sockaddr_in loopback(std::uint16_t port)
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return address;
    }
    void wait_for(short events, const std::string& otherwise) const
    {
        pollfd query{descriptor_, events, 0};
        if (::poll(&query, 1, patience_ms) <= 0)
            throw std::runtime_error(otherwise);
    }

    int descriptor_;
};

}  // namespace penstock::inbound::test
