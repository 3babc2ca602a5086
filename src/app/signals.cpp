#include "signals.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace penstock::app {
namespace {

/// For poll(): -1 is for ever. Rounded up, so that the deadline has passed when it returns.
int milliseconds_to(std::chrono::steady_clock::time_point deadline)
{
    if (deadline == std::chrono::steady_clock::time_point::max())
        return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

}  // namespace

signals::signals()
{
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGINT);
    ::sigaddset(&wanted, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    signal_ = io::unique_descriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    notified_ = io::unique_descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (signal_.get() < 0 || notified_.get() < 0)
        throw std::system_error(errno, std::generic_category(), "signals");
}

signals::event signals::wait() { return wait(-1, std::chrono::steady_clock::time_point::max()); }

signals::event signals::wait(int descriptor, std::chrono::steady_clock::time_point deadline)
{
    for (;;) {
        std::array<pollfd, 3> fds{
            {{signal_.get(), POLLIN, 0}, {notified_.get(), POLLIN, 0}, {descriptor, POLLIN, 0}}
        };
        if (::poll(fds.data(), fds.size(), milliseconds_to(deadline)) < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "signals");
        signalfd_siginfo info{};
        if (::read(signal_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
            return info.ssi_signo == static_cast<std::uint32_t>(SIGINT) ? event::interrupted
                                                                        : event::terminated;
        std::uint64_t count = 0;
        if (::read(notified_.get(), &count, sizeof count) == static_cast<ssize_t>(sizeof count))
            return event::notified;
        if (fds[2].revents != 0)
            return event::readable;
        if (std::chrono::steady_clock::now() >= deadline)
            return event::timed_out;
    }
}

void signals::notify() noexcept
{
    const std::uint64_t one = 1;
    // It can only fail when 2^64 - 2 notifications are waiting already.
    [[maybe_unused]] const auto written = ::write(notified_.get(), &one, sizeof one);
}

std::string_view to_string(signals::event e) noexcept
{
    switch (e) {
    case signals::event::interrupted:
        return "SIGINT";
    case signals::event::terminated:
        return "SIGTERM";
    case signals::event::notified:
    case signals::event::readable:
    case signals::event::timed_out:
        break;
    }
    return "";
}

}  // namespace penstock::app
