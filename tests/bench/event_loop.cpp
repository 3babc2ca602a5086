#include "event_loop.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <sys/epoll.h>
#include <unistd.h>

namespace bench {

watched::~watched() { ::close(fd_); }

void watched::want(std::uint32_t events)
{
    if (retired_ || (registered_ && wanted_ == events))
        return;
    epoll_event event{};
    event.events = events;
    event.data.ptr = this;
    if (::epoll_ctl(loop_.epoll_, registered_ ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd_, &event) != 0)
        die("epoll_ctl");
    registered_ = true;
    wanted_ = events;
}

void watched::retire() noexcept
{
    retired_ = true;
    loop_.any_retired_ = true;
}

event_loop::event_loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC))
{
    if (epoll_ < 0)
        die("epoll_create1");
}

event_loop::~event_loop()
{
    all_.clear();
    ::close(epoll_);
}

void event_loop::turn(int timeout_ms)
{
    std::array<epoll_event, 256> events;
    const int count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
    if (count < 0 && errno != EINTR)
        die("epoll_wait");
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        auto* one = static_cast<watched*>(event.data.ptr);
        if (!one->retired())
            one->on_ready(event.events);
    }
    if (any_retired_)
        sweep();
}

void event_loop::sweep()
{
    any_retired_ = false;
    std::erase_if(all_, [](const auto& one) { return one->retired(); });
}

double now_s() noexcept
{
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void die(const char* what)
{
    std::perror(what);
    std::exit(1);
}

}  // namespace bench
