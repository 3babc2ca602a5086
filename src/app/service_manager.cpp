#include "service_manager.hpp"

#include <penstock/config/usage_error.hpp>
#include <penstock/io/listener.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

namespace penstock::app {
namespace {

constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START

/// For a service manager to read what others have told it before.
constexpr timeval notify_timeout{.tv_sec = 5, .tv_usec = 0};

std::optional<unsigned long> number_in(const char* name)
{
    const char* const text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): before threads
    if (text == nullptr)
        return std::nullopt;
    unsigned long value = 0;
    const auto* const end = text + std::strlen(text);
    const auto [stop, ec] = std::from_chars(text, end, value);
    if (ec != std::errc() || stop != end)
        return std::nullopt;
    return value;
}

}  // namespace

std::vector<io::inherited_socket> activated_sockets()
{
    const auto count = number_in("LISTEN_FDS");
    // Ours only if it is meant for us, and not for who started us.
    if (number_in("LISTEN_PID") != static_cast<unsigned long>(::getpid()) || !count)
        return {};
    if (*count > io::inherited_sockets_max)
        throw config::usage_error(
            "LISTEN_FDS: " + std::to_string(*count) + " sockets are too many (at most " +
            std::to_string(io::inherited_sockets_max) + ')'
        );
    std::vector<io::inherited_socket> sockets;
    for (int i = 0; i < static_cast<int>(*count); ++i) {
        try {
            // A unix socket's name belongs to the service manager.
            sockets.push_back(io::adopt(io::unique_descriptor(first_descriptor + i), false));
        } catch (const io::listen_error& e) {
            throw config::usage_error(std::string("LISTEN_FDS: ") + e.what());
        }
    }
    return sockets;
}

void notify_service_manager(std::string_view lines) noexcept
{
    const char* const path = std::getenv("NOTIFY_SOCKET");  // NOLINT(concurrency-mt-unsafe)
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto length = path == nullptr ? 0 : std::strlen(path);
    if (length < 2 || length >= sizeof address.sun_path)
        return;
    std::memcpy(address.sun_path, path, length);
    if (address.sun_path[0] == '@')
        address.sun_path[0] = '\0';  // a name that is in no file system
    const io::unique_descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket || ::setsockopt(
                       socket.get(), SOL_SOCKET, SO_SNDTIMEO, &notify_timeout, sizeof notify_timeout
                   ) != 0)
        return;
    (void)::sendto(
        socket.get(),
        lines.data(),
        lines.size(),
        MSG_NOSIGNAL,
        reinterpret_cast<const sockaddr*>(&address),
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length)
    );
}

std::string ready_lines(pid_t main_process)
{
    return "MAINPID=" + std::to_string(main_process) + "\nREADY=1";
}

}  // namespace penstock::app
