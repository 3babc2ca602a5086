#include "client.hpp"

#include <algorithm>
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
    const auto to = o.via.kind == proxy_kind::none ? parse_endpoint(o.target) : o.via.where;
    const int fd = ::socket(to.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("socket");
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (o.command == "stall")
        ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &unread_buffer_octets, sizeof unread_buffer_octets);
    if (::connect(fd, to.address(), to.size) != 0 && errno != EINPROGRESS)
        die("connect");
    return fd;
}

}  // namespace

client_stream::client_stream(
    event_loop& loop, const options& o, const request& wanted, run_observer& observer
)
    : watched(loop, start_connect(o)), wanted_(wanted), observer_(observer),
      handshake_(std::make_unique<handshake>(o.via.kind, o.target))
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
        state_ = state::handshake;
    } else if (!read_answer()) {
        return;
    }
    if (!handshake_->problem().empty())
        return end(handshake_->problem());
    if (handshake_->done())
        return send_request();
    const auto output = handshake_->poll_output();
    if (output.empty() || write_small(output))
        want(EPOLLIN);
}

bool client_stream::read_answer()
{
    std::array<std::uint8_t, 1024> answer;
    const auto count = ::recv(fd(), answer.data(), answer.size(), 0);
    if (count > 0) {
        handshake_->handle({answer.data(), static_cast<std::size_t>(count)});
        return true;
    }
    if (count == 0)
        end("closed by the proxy");
    else if (errno != EAGAIN)
        end(std::string("proxy: ") + std::strerror(errno));
    return false;
}

void client_stream::send_request()
{
    if (!write_small(encode(wanted_)))
        return;
    state_ = state::open;
    handshake_.reset();
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

std::size_t client_stream::read_some(std::uint64_t octets_max)
{
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(octets_max, shared_octets_max));
    const auto count = ::recv(fd(), shared_buffer.get(), size, 0);
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
    // One write each time: streams take turns.
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(octets, shared_octets_max));
    const auto count = ::send(fd(), shared_buffer.get(), size, MSG_NOSIGNAL);
    if (count < 0) {
        if (errno == EAGAIN)
            return true;
        end(std::string("write: ") + std::strerror(errno));
        return false;
    }
    octets -= static_cast<std::uint64_t>(count);
    sent_ += static_cast<std::uint64_t>(count);
    return true;
}

}  // namespace bench
