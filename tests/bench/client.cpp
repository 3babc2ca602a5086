#include "client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace bench {
namespace {

constexpr std::size_t shared_octets_max = 256 * 1024;
const std::unique_ptr<std::uint8_t[]> shared_buffer =
    std::make_unique<std::uint8_t[]>(shared_octets_max);

int start_connect(const options& o)
{
    const auto to = o.via ? *o.via : parse_endpoint(o.target);
    const int fd = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(fd, to.address(), to.size) != 0 && errno != EINPROGRESS)
        die("connect");
    return fd;
}

/// RFC 1928 section 4. Addresses go as addresses, everything else as a name.
std::vector<std::uint8_t> connect_message(const std::string& target)
{
    std::vector<std::uint8_t> message{5, 1, 0};
    const auto colon = target.rfind(':');
    auto host = target.substr(0, colon);
    if (host.starts_with('['))
        host = host.substr(1, host.size() - 2);
    std::array<std::uint8_t, 16> address;
    if (::inet_pton(AF_INET, host.c_str(), address.data()) == 1) {
        message.push_back(1);
        message.insert(message.end(), address.begin(), address.begin() + 4);
    } else if (::inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
        message.push_back(4);
        message.insert(message.end(), address.begin(), address.end());
    } else {
        message.push_back(3);
        message.push_back(static_cast<std::uint8_t>(host.size()));
        message.insert(message.end(), host.begin(), host.end());
    }
    const auto port = std::stoul(target.substr(colon + 1));
    message.push_back(static_cast<std::uint8_t>(port >> 8));
    message.push_back(static_cast<std::uint8_t>(port));
    return message;
}

}  // namespace

client_stream::client_stream(
    event_loop& loop, const options& o, const request& wanted, run_observer& observer
)
    : watched(loop, start_connect(o)), options_(o), wanted_(wanted), observer_(observer)
{
    want(EPOLLOUT);
}

void client_stream::on_ready(std::uint32_t events)
{
    if (state_ != state::open) {
        advance();
        return;
    }
    if ((events & EPOLLOUT) != 0)
        on_writable();
    if (!retired() && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        on_readable();
}

void client_stream::advance()
{
    if (state_ == state::connecting) {
        int error = 0;
        socklen_t size = sizeof error;
        ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0)
            return end(std::string("connect: ") + std::strerror(error));
        if (!options_.via)
            return send_request();
        constexpr std::array<std::uint8_t, 3> greeting{5, 1, 0};
        write_small(greeting);
        return expect(state::method, 2);
    }
    if (!read_answer())
        return;
    switch (state_) {
    case state::method:
        if (answer_[0] != 5 || answer_[1] != 0)
            return end("SOCKS: no method accepted");
        return send_connect();
    case state::reply_head:
        if (answer_[1] != 0)
            return end("SOCKS: reply " + std::to_string(answer_[1]));
        // The length of the bound address depends on its type; its first octet may be a length
        // itself.
        return expect(
            state::reply_rest,
            answer_[3] == 1   ? 5
            : answer_[3] == 4 ? 17
                              : answer_[4] + 2u
        );
    default:
        return send_request();
    }
}

void client_stream::expect(state next, std::size_t octets)
{
    state_ = next;
    answer_.clear();
    answer_octets_ = octets;
    want(EPOLLIN);
}

bool client_stream::read_answer()
{
    while (answer_.size() < answer_octets_) {
        const auto have = answer_.size();
        answer_.resize(answer_octets_);
        const auto count = ::recv(fd(), &answer_[have], answer_octets_ - have, 0);
        answer_.resize(have + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count < 0 && errno == EAGAIN)
            return false;
        if (count <= 0) {
            end(std::string("SOCKS: ") + (count == 0 ? "closed by the proxy" : std::strerror(errno))
            );
            return false;
        }
    }
    return true;
}

void client_stream::send_connect()
{
    write_small(connect_message(options_.target));
    expect(state::reply_head, 5);
}

void client_stream::send_request()
{
    if (!write_small(encode(wanted_)))
        return;
    state_ = state::open;
    sent_ = 0;
    observer_.opened(*this);
    on_open();
}

void client_stream::end(const std::string& why)
{
    if (retired())
        return;
    retire();
    observer_.ended(*this, why);
}

std::size_t client_stream::read_some()
{
    const auto count = ::recv(fd(), shared_buffer.get(), shared_octets_max, 0);
    if (count < 0) {
        if (errno != EAGAIN)
            end(std::string("read: ") + std::strerror(errno));
        return 0;
    }
    at_eof_ = count == 0;
    received_ += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
}

byte_view client_stream::shared_octets(std::size_t count) const noexcept
{
    return {shared_buffer.get(), count};
}

bool client_stream::write_small(byte_view octets)
{
    const auto count = ::send(fd(), octets.data(), octets.size(), MSG_NOSIGNAL);
    if (count != static_cast<ssize_t>(octets.size())) {
        end(std::string("write: ") + (count < 0 ? std::strerror(errno) : "no room"));
        return false;
    }
    sent_ += octets.size();
    return true;
}

bool client_stream::write_filler(std::uint64_t& octets)
{
    while (octets > 0) {
        const auto size =
            static_cast<std::size_t>(std::min<std::uint64_t>(octets, shared_octets_max));
        const auto count = ::send(fd(), shared_buffer.get(), size, MSG_NOSIGNAL);
        if (count < 0) {
            if (errno == EAGAIN)
                return true;
            end(std::string("write: ") + std::strerror(errno));
            return false;
        }
        octets -= static_cast<std::uint64_t>(count);
        sent_ += static_cast<std::uint64_t>(count);
    }
    return true;
}

}  // namespace bench
