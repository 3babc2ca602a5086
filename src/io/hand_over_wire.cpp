#include "hand_over_wire.hpp"

#include <penstock/io/asio.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>

namespace penstock::io {
namespace {

constexpr std::size_t text_octets_max = 512;
constexpr std::size_t descriptors_bytes_max = CMSG_SPACE(inherited_sockets_max * sizeof(int));

std::vector<unique_descriptor> descriptors_of(msghdr& message)
{
    std::vector<unique_descriptor> out;
    for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr;
         part = CMSG_NXTHDR(&message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            out.emplace_back(fd);
        }
    }
    return out;
}

}  // namespace

sockaddr_un address_of_path(const std::string& path) noexcept
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    return address;
}

bool send_packet(
    int connection, std::string_view text, std::span<const shared_socket> sockets
) noexcept
{
    alignas(cmsghdr) std::array<unsigned char, descriptors_bytes_max> control{};
    iovec content{const_cast<char*>(text.data()), text.size()};
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    if (!sockets.empty()) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(sockets.size() * sizeof(int));
        auto* const part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sockets.size() * sizeof(int));
        for (std::size_t i = 0; i < sockets.size(); ++i)
            std::memcpy(CMSG_DATA(part) + i * sizeof(int), &sockets[i].descriptor, sizeof(int));
    }
    return ::sendmsg(connection, &message, MSG_NOSIGNAL | MSG_DONTWAIT) ==
           static_cast<ssize_t>(text.size());
}

std::optional<packet> receive_packet(int connection)
{
    alignas(cmsghdr) std::array<unsigned char, descriptors_bytes_max> control{};
    std::array<char, text_octets_max> text{};
    iovec content{text.data(), text.size()};
    msghdr message{};
    message.msg_iov = &content;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    auto count = ::recvmsg(connection, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    // Told once, if the other side has not read all of ours; its last words are behind that.
    if (count < 0 && errno == ECONNRESET)
        count = ::recvmsg(connection, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return std::nullopt;
    packet received;
    if (count <= 0)
        return received;
    received.descriptors = descriptors_of(message);
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
        received.text.assign(text.data(), static_cast<std::size_t>(count));
    return received;
}

packet await_packet(int connection, std::chrono::milliseconds limit)
{
    const auto deadline = clock::now() + limit;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
        if (left.count() <= 0)
            return {};
        pollfd waiting{connection, POLLIN, 0};
        (void)::poll(&waiting, 1, static_cast<int>(left.count()));
        if (auto received = receive_packet(connection))
            return std::move(*received);
    }
}

std::optional<pid_t> own_peer(int connection, uid_t& uid) noexcept
{
    ucred peer{};
    socklen_t size = sizeof peer;
    uid = static_cast<uid_t>(-1);
    if (::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        return std::nullopt;
    uid = peer.uid;
    if (peer.uid != ::geteuid())
        return std::nullopt;
    return peer.pid;
}

}  // namespace penstock::io
