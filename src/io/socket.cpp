#include <penstock/io/socket.hpp>

#include <boost/asio/error.hpp>

#include <sys/resource.h>
#include <utility>

namespace penstock::io {
namespace {

template <class Socket>
void reset_socket(Socket& socket) noexcept
{
    error_code
        ignored;  // the descriptor may be closed or broken already; then there is nobody to tell
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

template <class Socket>
std::string name_of_peer(const Socket& socket)
{
    error_code ec;
    const auto remote = socket.remote_endpoint(ec);
    if (ec)
        return "unknown";
    const int family = remote.protocol().family();
    if (family != AF_INET && family != AF_INET6)
        return "unix";
    tcp::endpoint endpoint;
    std::memcpy(endpoint.data(), remote.data(), remote.size());
    endpoint.resize(remote.size());
    return to_string(endpoint);
}

result<int> local_family(stream_socket& socket)
{
    error_code ec;
    const auto local = socket.local_endpoint(ec);
    if (ec)
        return ec;
    return local.protocol().family();
}

}  // namespace

void reset(stream_socket& socket) noexcept { reset_socket(socket); }

void reset(tcp::socket& socket) noexcept { reset_socket(socket); }

result<tcp::socket> as_tcp(stream_socket socket)
{
    const auto family = local_family(socket);
    if (!family)
        return family.error();
    error_code ec;
    const auto executor = socket.get_executor();
    const auto descriptor = socket.release(ec);
    if (ec)
        return ec;
    tcp::socket same(executor);
    same.assign(*family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor, ec);
    if (ec) {
        ::close(descriptor);
        return ec;
    }
    return same;
}

result<stream_socket> moved_to(asio::io_context& context, stream_socket socket)
{
    const auto family = local_family(socket);
    if (!family)
        return family.error();
    error_code ec;
    const auto descriptor = socket.release(ec);
    if (ec)
        return ec;
    stream_socket moved(context);
    moved.assign(asio::generic::stream_protocol(*family, 0), descriptor, ec);
    if (ec) {
        ::close(descriptor);
        return ec;
    }
    return moved;
}

result<tcp::socket> moved_to(asio::io_context& context, tcp::socket socket)
{
    auto moved = moved_to(context, stream_socket(std::move(socket)));
    if (!moved)
        return moved.error();
    return as_tcp(std::move(*moved));
}

void set_no_delay(stream_socket& socket) noexcept
{
    error_code ignored;  // a unix socket has no Nagle
    socket.set_option(tcp::no_delay(true), ignored);
}

void set_no_delay(tcp::socket& socket) noexcept
{
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
}

std::string peer_name(const stream_socket& socket) { return name_of_peer(socket); }

std::string peer_name(const tcp::socket& socket) { return name_of_peer(socket); }

std::string to_string(const tcp::endpoint& endpoint)
{
    const auto address = endpoint.address().to_string();
    const auto port = std::to_string(endpoint.port());
    return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

bool is_reset(const error_code& ec) noexcept
{
    return ec == asio::error::connection_reset || ec == asio::error::broken_pipe ||
           ec == asio::error::connection_aborted;
}

std::size_t raise_descriptor_limit() noexcept
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    const auto before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return before;
    return limit.rlim_cur;
}

}  // namespace penstock::io
