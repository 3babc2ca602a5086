#include "signals.hpp"

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

signals::signals()
{
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGINT);
    ::sigaddset(&wanted, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    signal_ = descriptor(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
    notified_ = descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (signal_.get() < 0 || notified_.get() < 0)
        throw std::system_error(errno, std::generic_category(), "signals");
}

signals::event signals::wait()
{
    for (;;) {
        std::array<pollfd, 2> fds{{{signal_.get(), POLLIN, 0}, {notified_.get(), POLLIN, 0}}};
        if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR)
            throw std::system_error(errno, std::generic_category(), "signals");
        signalfd_siginfo info{};
        if (::read(signal_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
            return info.ssi_signo == static_cast<std::uint32_t>(SIGINT) ? event::interrupted
                                                                        : event::terminated;
        std::uint64_t count = 0;
        if (::read(notified_.get(), &count, sizeof count) == static_cast<ssize_t>(sizeof count))
            return event::notified;
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
        break;
    }
    return "";
}

}  // namespace penstock::app
