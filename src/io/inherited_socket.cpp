#include <penstock/io/inherited_socket.hpp>
#include <penstock/io/listener.hpp>

#include <boost/asio/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>

namespace penstock::io {
namespace {

[[noreturn]] void refuse(const char* what)
{
    throw listen_error(
        std::string("a socket that was passed to us ") + what +
            " (pass listening TCP or unix stream sockets)",
        error_code(EINVAL, boost::system::system_category())
    );
}

int option_of(int fd, int name)
{
    int value = 0;
    socklen_t size = sizeof value;
    if (::getsockopt(fd, SOL_SOCKET, name, &value, &size) != 0)
        refuse("is no socket");
    return value;
}

listen_address address_of(int fd)
{
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0)
        refuse("has no address");
    if (storage.ss_family == AF_INET || storage.ss_family == AF_INET6) {
        tcp::endpoint endpoint;
        std::memcpy(endpoint.data(), &storage, size);
        endpoint.resize(size);
        return endpoint;
    }
    if (storage.ss_family != AF_UNIX)
        refuse("is neither of TCP nor a unix socket");
    asio::local::stream_protocol::endpoint endpoint;
    std::memcpy(endpoint.data(), &storage, size);
    endpoint.resize(size);
    return endpoint;
}

/// The same address, whatever the port.
bool is_same_host(const listen_address& one, const listen_address& other)
{
    const auto* const a = std::get_if<tcp::endpoint>(&one);
    const auto* const b = std::get_if<tcp::endpoint>(&other);
    return a != nullptr && b != nullptr && a->address() == b->address();
}

bool is_any_port(const listen_address& address)
{
    const auto* const endpoint = std::get_if<tcp::endpoint>(&address);
    return endpoint != nullptr && endpoint->port() == 0;
}

}  // namespace

inherited_socket adopt(unique_descriptor descriptor, bool owns_path)
{
    const int fd = descriptor.get();
    if (option_of(fd, SO_TYPE) != SOCK_STREAM || option_of(fd, SO_ACCEPTCONN) == 0)
        refuse("does not listen");
    inherited_socket adopted{
        .descriptor = std::move(descriptor), .address = address_of(fd), .owns_path = owns_path
    };
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        refuse("cannot be used");
    return adopted;
}

std::vector<std::optional<inherited_socket>>
take_wanted(const std::vector<listen_address>& wanted, std::vector<inherited_socket>& offered)
{
    std::vector<std::optional<inherited_socket>> taken(wanted.size());
    const auto take = [&](std::size_t place, auto fits) {
        const auto found = std::ranges::find_if(offered, fits);
        if (taken[place] || found == offered.end())
            return;
        taken[place] = std::move(*found);
        offered.erase(found);
    };
    for (std::size_t i = 0; i < wanted.size(); ++i)
        take(i, [&](const auto& socket) { return socket.address == wanted[i]; });
    for (std::size_t i = 0; i < wanted.size(); ++i)
        take(i, [&](const auto& socket) {
            return is_any_port(wanted[i]) && is_same_host(socket.address, wanted[i]);
        });
    return taken;
}

}  // namespace penstock::io
