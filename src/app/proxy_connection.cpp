#include "proxy_connection.hpp"

#include <penstock/config/usage_error.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "command.hpp"

namespace penstock::app {
namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto connect_timeout = 10s;
/// Longer than a gateway waits for its link and the dial, so that its own answer is what the user
/// sees.
constexpr auto reply_timeout = 130s;

constexpr std::string_view unix_prefix = "unix:";

[[noreturn]] void fail(const std::string& via, const std::string& why)
{
    throw run_error(
        via + ": " + why + " (is `penstock gateway` running there? another place: --via)"
    );
}

std::string system_text(int error) { return std::generic_category().message(error); }

/// Waits for the socket; false when the time is over.
bool wait_for(int fd, short events, clock::time_point deadline)
{
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
        if (left <= 0ms)
            return false;
        pollfd entry{fd, events, 0};
        const int ready = ::poll(&entry, 1, static_cast<int>(left.count()) + 1);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
}

/// 0, or the error as errno has it.
int connect_socket(int fd, const sockaddr* address, socklen_t length)
{
    if (::connect(fd, address, length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    if (!wait_for(fd, POLLOUT, clock::now() + connect_timeout))
        return ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

io::unique_descriptor connect_unix(const std::string& via)
{
    const auto path = via.substr(unix_prefix.size());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path)
        throw config::usage_error(
            "via: '" + via + "' is no path of a unix socket (at most 107 octets)"
        );
    std::memcpy(address.sun_path, path.c_str(), path.size());

    io::unique_descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const auto* const generic = reinterpret_cast<const sockaddr*>(&address);
    if (const int error = connect_socket(socket.get(), generic, sizeof address); error != 0)
        fail(via, system_text(error));
    return socket;
}

io::unique_descriptor connect_tcp(const std::string& via)
{
    const auto where = parse_target(via);
    if (!where)
        throw config::usage_error(
            "via: '" + via + "': " + where.error().message() + " (HOST:PORT or unix:PATH)"
        );

    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const auto name = to_string(where->host);
    if (const int error =
            ::getaddrinfo(name.c_str(), std::to_string(where->port).c_str(), &hints, &found);
        error != 0)
        fail(via, ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);

    int last_error = EADDRNOTAVAIL;
    for (const auto* each = found; each != nullptr; each = each->ai_next) {
        io::unique_descriptor socket(
            ::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
        );
        last_error = connect_socket(socket.get(), each->ai_addr, each->ai_addrlen);
        if (last_error == 0) {
            const int on = 1;
            ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return socket;
        }
    }
    fail(via, system_text(last_error));
}

void send_all(int fd, byte_view data, const std::string& via, clock::time_point deadline)
{
    while (!data.empty()) {
        const auto sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
        if (sent > 0)
            data = data.subspan(static_cast<std::size_t>(sent));
        else if (errno == EAGAIN && wait_for(fd, POLLOUT, deadline))
            continue;
        else if (errno != EINTR)
            fail(via, system_text(errno));
    }
}

std::string
explain(const socks::client& conversation, const target& destination, const std::string& via)
{
    const error_code error = conversation.error();
    if (error == make_error_code(socks::errc::request_refused))
        return to_string(destination) + ": " +
               std::string(socks::describe_reply(conversation.refusal()));
    if (error == make_error_code(socks::errc::credentials_refused) ||
        error == make_error_code(socks::errc::methods_refused))
        return via + ": " + error.message() + " (name and password: --via-auth-file)";
    return via + ": " + error.message() + " (is it a penstock gateway?)";
}

}  // namespace

proxied_connection connect_through(
    const std::string& via, const target& destination, std::optional<socks::credentials> login
)
{
    auto socket = via.starts_with(unix_prefix) ? connect_unix(via) : connect_tcp(via);
    const auto deadline = clock::now() + reply_timeout;
    socks::client conversation(destination, std::move(login));
    octets received;
    for (;;) {
        send_all(socket.get(), conversation.poll_output(), via, deadline);
        const auto used = conversation.handle_octets(received);
        received.erase(received.begin(), received.begin() + static_cast<std::ptrdiff_t>(used));
        if (conversation.step() == socks::client_step::failed)
            throw run_error(explain(conversation, destination, via));
        if (conversation.step() == socks::client_step::connected)
            return {std::move(socket), std::move(received)};
        if (used > 0)
            continue;

        std::array<std::uint8_t, socks::server_message_octets_max> chunk{};
        if (!wait_for(socket.get(), POLLIN, deadline))
            throw run_error(to_string(destination) + ": the gateway did not answer in time");
        const auto got = ::recv(socket.get(), chunk.data(), chunk.size(), 0);
        if (got > 0)
            received.insert(received.end(), chunk.begin(), chunk.begin() + got);
        else if (got == 0)
            throw run_error(
                via + ": closed the connection without an answer (is it a penstock gateway?)"
            );
        else if (errno != EAGAIN && errno != EINTR)
            fail(via, system_text(errno));
    }
}

}  // namespace penstock::app
