#include <penstock/net/change_watch.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <utility>

namespace penstock::net {

namespace asio = io::asio;

namespace {

error_code last_error() noexcept { return {errno, boost::system::system_category()}; }

}  // namespace

change_watch::change_watch(asio::io_context& context, std::function<void()> changed)
    : changed_(std::move(changed)), netlink_(context), clock_(context), settle_(context)
{
}

error_code change_watch::start()
{
    const auto netlink = open_netlink();
    const auto clock = open_clock();
    return netlink ? netlink : clock;
}

void change_watch::stop()
{
    error_code ignored;
    netlink_.close(ignored);
    clock_.close(ignored);
    settle_.cancel();
}

error_code change_watch::open_netlink()
{
    const int fd = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0)
        return last_error();
    error_code ec;
    if (netlink_.assign(fd, ec); ec) {
        ::close(fd);
        return ec;
    }
    sockaddr_nl local{};
    local.nl_family = AF_NETLINK;
    local.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                      RTMGRP_IPV6_ROUTE;
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0)
        return last_error();
    wait_netlink();
    return {};
}

error_code change_watch::open_clock()
{
    const int fd = ::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return last_error();
    error_code ec;
    if (clock_.assign(fd, ec); ec) {
        ::close(fd);
        return ec;
    }
    if (!arm_clock())
        return last_error();
    wait_clock();
    return {};
}

/// For a time that never comes: what matters is that it is cancelled when the clock jumps.
bool change_watch::arm_clock() noexcept
{
    itimerspec never{};
    never.it_value.tv_sec = std::time_t{1} << 34;  // the year 2514
    constexpr int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    return ::timerfd_settime(clock_.native_handle(), flags, &never, nullptr) == 0;
}

/// What the messages say does not matter: whoever is told looks at the state of things. So it is no
/// loss if the kernel had to drop some (ENOBUFS).
void change_watch::wait_netlink()
{
    netlink_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& ec) {
        if (ec)
            return;
        std::array<char, 8 * 1024> messages{};
        ssize_t count = 0;
        do
            count = ::recv(netlink_.native_handle(), messages.data(), messages.size(), 0);
        while (count > 0 || (count < 0 && (errno == EINTR || errno == ENOBUFS)));
        note_change();
        wait_netlink();
    });
}

void change_watch::wait_clock()
{
    clock_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const error_code& ec) {
        if (ec)
            return;
        std::uint64_t expirations = 0;
        (void)!::read(clock_.native_handle(), &expirations, sizeof expirations);
        note_change();
        if (arm_clock())
            wait_clock();
    });
}

void change_watch::note_change()
{
    if (std::exchange(settling_, true))
        return;
    settle_.expires_at(std::max(io::clock::now() + settle, told_at_ + calm));
    settle_.async_wait([this](const error_code& ec) {
        settling_ = false;
        told_at_ = io::clock::now();
        if (!ec)
            changed_();
    });
}

}  // namespace penstock::net
