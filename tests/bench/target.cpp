#include "target.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <vector>

#include "event_loop.hpp"
#include "protocol.hpp"
#include "tally.hpp"
#include "wakers.hpp"

namespace bench {
namespace {

constexpr std::size_t buffer_octets = 256 * 1024;
/// One write of a source: small, so that an echo beside many of them is answered soon.
constexpr std::size_t source_octets_max = 64 * 1024;
const std::unique_ptr<std::uint8_t[]> buffer = std::make_unique<std::uint8_t[]>(buffer_octets);

struct totals {
    std::uint64_t received = 0, sent = 0;
};

/// One connection: its request, then the job.
class service final : public watched {
public:
    service(event_loop& l, int fd, totals& t) : watched(l, fd), totals_(t) { want(EPOLLIN); }

private:
    void on_ready(std::uint32_t events) override;
    void read_request();
    void start();
    void readable();
    void writable();
    void write_source();
    void take(byte_view octets);
    [[nodiscard]] bool write_answer();

    totals& totals_;
    std::vector<std::uint8_t> head_;
    std::optional<request> request_;
    std::uint64_t left_ = 0;  ///< source: still to send
    std::uint64_t received_ = 0;
    std::vector<std::uint8_t> answer_;  ///< to be written as it is
    std::optional<random_sender> random_;
    std::optional<hasher> received_hash_;
    bool read_all_ = false;
};

void service::on_ready(std::uint32_t events)
{
    if (!request_)
        return read_request();
    if ((events & EPOLLOUT) != 0)
        writable();
    if (!retired() && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        readable();
}

void service::read_request()
{
    const auto have = head_.size();
    head_.resize(request_octets);
    const auto count = ::recv(fd(), &head_[have], request_octets - have, 0);
    head_.resize(have + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0 || (count < 0 && errno != EAGAIN))
        return retire();
    if (head_.size() < request_octets)
        return;
    request_ = decode(std::span<const std::uint8_t, request_octets>(head_));
    std::vector<std::uint8_t>().swap(head_);
    if (!request_)
        return retire();
    start();
}

void service::start()
{
    switch (request_->what) {
    case job::source:
        left_ = request_->octets == 0 ? UINT64_MAX : request_->octets;
        want(EPOLLOUT);
        break;
    case job::verify:
        random_.emplace(request_->seed, request_->octets);
        received_hash_.emplace();
        want(EPOLLIN | EPOLLOUT);
        break;
    default:
        break;
    }
}

void service::take(byte_view octets)
{
    received_ += octets.size();
    totals_.received += octets.size();
    if (received_hash_)
        received_hash_->add(octets);
    if (request_->what == job::echo)
        answer_.insert(answer_.end(), octets.begin(), octets.end());
}

void service::readable()
{
    const auto count = ::recv(fd(), buffer.get(), buffer_octets, 0);
    if (count < 0) {
        if (errno != EAGAIN)
            retire();
        return;
    }
    take({buffer.get(), static_cast<std::size_t>(count)});
    if (count == 0) {
        if (request_->what == job::source)
            return retire();  // nobody listens any more
        read_all_ = true;
        if (request_->what == job::sink) {
            answer_.resize(sizeof received_);
            std::memcpy(answer_.data(), &received_, sizeof received_);
        }
    }
    if (read_all_ || !answer_.empty())
        writable();
}

bool service::write_answer()
{
    while (!answer_.empty()) {
        const auto count = ::send(fd(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
        if (count < 0) {
            if (errno != EAGAIN)
                retire();
            return false;
        }
        totals_.sent += static_cast<std::uint64_t>(count);
        answer_.erase(answer_.begin(), answer_.begin() + count);
    }
    std::vector<std::uint8_t>().swap(answer_);
    return true;
}

void service::write_source()
{
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, source_octets_max));
    const auto count = ::send(fd(), buffer.get(), size, MSG_NOSIGNAL);
    if (count < 0)
        return errno == EAGAIN ? void() : retire();
    left_ -= static_cast<std::uint64_t>(count);
    totals_.sent += static_cast<std::uint64_t>(count);
    if (left_ == 0)
        retire();
}

void service::writable()
{
    if (request_->what == job::source)
        return write_source();

    if (random_) {
        if (!random_->write_some(fd()))
            return retire();
        if (!random_->done())
            return want(EPOLLOUT | (read_all_ ? 0u : std::uint32_t{EPOLLIN}));
        if (!read_all_)
            return want(EPOLLIN);
        const digests both{received_hash_->finish(), random_->finish()};
        answer_.resize(sizeof both);
        std::memcpy(answer_.data(), &both, sizeof both);
        totals_.sent += request_->octets;
        random_.reset();
    }
    if (!write_answer())
        return want(EPOLLOUT);  // an echo reads on when this is out
    if (read_all_)
        return retire();
    want(EPOLLIN);
}

/// Takes connections until the program ends.
class doorman final : public watched {
public:
    doorman(event_loop& l, int fd, totals& t) : watched(l, fd), totals_(t) { want(EPOLLIN); }

private:
    void on_ready(std::uint32_t) override
    {
        for (;;) {
            const int fd = ::accept4(this->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd < 0)
                return errno == EAGAIN || errno == ECONNABORTED ? void() : die("accept");
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            loop().adopt(std::make_unique<service>(loop(), fd, totals_));
        }
    }
    totals& totals_;
};

int listen_on(endpoint& where)
{
    const int fd = ::socket(where.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || ::bind(fd, where.address(), where.size) != 0 || ::listen(fd, 4096) != 0)
        die("listen");
    where.size = sizeof where.storage;
    ::getsockname(fd, where.address(), &where.size);
    return fd;
}

}  // namespace

int serve(const options& o)
{
    auto where = parse_endpoint(o.listen);
    const int fd = listen_on(where);
    totals moved;
    event_loop loop;
    loop.adopt(std::make_unique<doorman>(loop, fd, moved));
    bool stopped = false;
    const auto on_signal = [&](int signal) {
        if (signal == SIGUSR1)
            print_mark(moved.received, moved.sent);
        else
            stopped = true;
    };
    loop.adopt(std::make_unique<signal_watch>(
        loop, std::initializer_list<int>{SIGUSR1, SIGTERM, SIGINT}, on_signal
    ));
    std::printf("{\"listening\": \"%s\"}\n", to_string(where).c_str());
    std::fflush(stdout);
    while (!stopped)
        loop.turn(1'000);
    print_mark(moved.received, moved.sent);
    return 0;
}

}  // namespace bench
