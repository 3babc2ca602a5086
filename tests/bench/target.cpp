#include "target.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "event_loop.hpp"
#include "service.hpp"
#include "tally.hpp"
#include "wakers.hpp"

namespace bench {
namespace {

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
            print_mark(moved.received, moved.sent, 0);
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
    print_mark(moved.received, moved.sent, 0);
    return 0;
}

}  // namespace bench
