#include "wakers.hpp"

#include <csignal>
#include <ctime>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

namespace bench {
namespace {

int open_signals(std::initializer_list<int> signals)
{
    sigset_t set;
    ::sigemptyset(&set);
    for (const int one : signals)
        ::sigaddset(&set, one);
    if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0)
        die("sigprocmask");
    const int fd = ::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd < 0)
        die("signalfd");
    return fd;
}

int open_timer(double period_s)
{
    const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    timespec period{};
    period.tv_sec = static_cast<time_t>(period_s);
    period.tv_nsec = static_cast<long>((period_s - static_cast<double>(period.tv_sec)) * 1e9);
    const itimerspec both{period, period};
    if (fd < 0 || ::timerfd_settime(fd, 0, &both, nullptr) != 0)
        die("timerfd");
    return fd;
}

}  // namespace

signal_watch::signal_watch(
    event_loop& loop, std::initializer_list<int> signals, std::function<void(int)> action
)
    : watched(loop, open_signals(signals)), action_(std::move(action))
{
    want(EPOLLIN);
}

void signal_watch::on_ready(std::uint32_t)
{
    signalfd_siginfo info{};
    while (::read(fd(), &info, sizeof info) == sizeof info)
        action_(static_cast<int>(info.ssi_signo));
}

ticker::ticker(event_loop& loop, double period_s, std::function<void(double)> action)
    : watched(loop, open_timer(period_s)), action_(std::move(action)), last_s_(now_s())
{
    want(EPOLLIN);
}

void ticker::on_ready(std::uint32_t)
{
    std::uint64_t expirations = 0;
    if (::read(fd(), &expirations, sizeof expirations) != sizeof expirations)
        return;
    const double now = now_s();
    action_(now - std::exchange(last_s_, now));
}

}  // namespace bench
