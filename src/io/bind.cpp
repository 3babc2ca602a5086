#include "bind.hpp"

#include <penstock/io/listener.hpp>

#include <boost/asio/error.hpp>

#include <cerrno>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace penstock::io {
namespace {

/// One line for a person: the address, the cause, the remedy.
std::string explain(const listen_address& address, int error)
{
    const auto where = to_string(address);
    const bool is_unix = !std::holds_alternative<tcp::endpoint>(address);
    switch (error) {
    case EADDRINUSE:
        return where + " is in use by another program (choose another with --listen)";
    case EADDRNOTAVAIL:
        return where + " is not an address of this machine (choose another with --listen)";
    case EACCES:
    case EPERM:
        return is_unix ? where + " may not be created (check the permissions of its folder)"
                       : where + " may not be bound by this user (take a port above 1023, or grant "
                                 "CAP_NET_BIND_SERVICE)";
    case ENOENT:
    case ENOTDIR:
        return where + " cannot be created: its folder does not exist (create it)";
    case EEXIST:
        return where + " exists and is not a socket (remove it, or choose another with --listen)";
    case EAFNOSUPPORT:
        return where +
               " is of a family that this machine does not have (choose another with --listen)";
    default:
        return where + " cannot be listened on: " +
               error_code(error, boost::system::system_category()).message();
    }
}

[[noreturn]] void fail(const listen_address& address, int error)
{
    throw listen_error(
        explain(address, error), error_code(error, boost::system::system_category())
    );
}

unique_descriptor open_socket(const listen_address& address, int family)
{
    unique_descriptor opened(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!opened)
        fail(address, errno);
    return opened;
}

bound_socket bind_tcp(const tcp::endpoint& wanted, int backlog)
{
    const int family = wanted.protocol().family();
    bound_socket bound{
        .descriptor = open_socket(wanted, family), .family = family, .address = wanted, .path = {}
    };
    const int fd = bound.descriptor.get();
    const int on = 1;
    // A port whose old connections linger in TIME_WAIT is free; one with a listener is not. Never
    // SO_REUSEPORT.
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (family == AF_INET6)
        ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (::bind(fd, wanted.data(), static_cast<socklen_t>(wanted.size())) != 0 ||
        ::listen(fd, backlog) != 0)
        fail(wanted, errno);

    tcp::endpoint real;
    auto length = static_cast<socklen_t>(real.capacity());
    if (::getsockname(fd, real.data(), &length) != 0)
        fail(wanted, errno);
    real.resize(length);
    bound.address = real;
    return bound;
}

/// Whether somebody takes connections on the path; a full backlog counts as an answer.
bool answers(const asio::local::stream_protocol::endpoint& at)
{
    const unique_descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return probe && (::connect(probe.get(), at.data(), static_cast<socklen_t>(at.size())) == 0 ||
                     errno == EAGAIN);
}

/// Removes what a killed process has left behind, and nothing else.
void remove_stale(const asio::local::stream_protocol::endpoint& at)
{
    struct stat info{};
    if (::lstat(at.path().c_str(), &info) != 0)
        return;
    if (!S_ISSOCK(info.st_mode))
        fail(at, EEXIST);
    if (answers(at))
        fail(at, EADDRINUSE);
    if (::unlink(at.path().c_str()) != 0 && errno != ENOENT)
        fail(at, errno);
}

bound_socket bind_unix(const asio::local::stream_protocol::endpoint& at, int backlog)
{
    bound_socket bound{
        .descriptor = open_socket(at, AF_UNIX), .family = AF_UNIX, .address = at, .path = {}
    };
    const int fd = bound.descriptor.get();
    remove_stale(at);
    // The mode is set on the socket before it has a name, so that there is no moment with a wider
    // one; umask would be the whole process's.
    if (::fchmod(fd, S_IRUSR | S_IWUSR) != 0 ||
        ::bind(fd, at.data(), static_cast<socklen_t>(at.size())) != 0)
        fail(at, errno);
    bound.path.emplace(at.path());
    if (::chmod(at.path().c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(fd, backlog) != 0)
        fail(at, errno);
    return bound;
}

}  // namespace

bound_socket take_over(inherited_socket inherited)
{
    const auto* const endpoint = std::get_if<tcp::endpoint>(&inherited.address);
    bound_socket bound{
        .descriptor = std::move(inherited.descriptor),
        .family = endpoint != nullptr ? endpoint->protocol().family() : AF_UNIX,
        .address = inherited.address,
        .path = {}
    };
    if (endpoint == nullptr && inherited.owns_path) {
        bound.path.emplace(
            std::get<asio::local::stream_protocol::endpoint>(inherited.address).path()
        );
        bound.path->own(false);  // the other process's, until it lets go
    }
    return bound;
}

unix_socket_path::unix_socket_path(std::string path) : path_(std::move(path))
{
    struct stat info{};
    if (::lstat(path_.c_str(), &info) == 0) {
        device_ = info.st_dev;
        inode_ = info.st_ino;
    }
}

unix_socket_path::unix_socket_path(unix_socket_path&& other) noexcept
    : path_(std::exchange(other.path_, {})), ours_(other.ours_), device_(other.device_),
      inode_(other.inode_)
{
}

unix_socket_path::~unix_socket_path()
{
    struct stat info{};
    if (ours_ && !path_.empty() && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
        info.st_ino == inode_)
        ::unlink(path_.c_str());
}

bound_socket bind_exclusively(const listen_address& address, int backlog)
{
    if (const auto* wanted = std::get_if<tcp::endpoint>(&address))
        return bind_tcp(*wanted, backlog);
    return bind_unix(std::get<asio::local::stream_protocol::endpoint>(address), backlog);
}

}  // namespace penstock::io
