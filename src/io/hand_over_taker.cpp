#include <penstock/io/hand_over.hpp>
#include <penstock/io/listener.hpp>

#include <cerrno>
#include <cstring>
#include <sys/socket.h>

#include "hand_over_wire.hpp"

namespace penstock::io {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why)
{
    throw hand_over_error("hand-over: " + path + ' ' + why);
}

}  // namespace

hand_over_taker::hand_over_taker(unique_descriptor connection, pid_t peer, std::string path)
    : connection_(std::move(connection)), peer_(peer), path_(std::move(path))
{
}

std::optional<hand_over_taker> hand_over_taker::connect(
    const std::string& path, std::string_view role, hand_over_settings settings
)
{
    unique_descriptor connection(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
    );
    const auto address = address_of_path(path);
    if (!connection ||
        ::connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
            0) {
        const int error = errno;
        if (error == ENOENT || error == ECONNREFUSED)
            return std::nullopt;
        if (error == EPROTOTYPE)
            fail(path, "is another program's socket (choose another path)");
        fail(path, std::string("cannot be reached: ") + std::strerror(error));
    }
    uid_t owner{};
    const auto peer = own_peer(connection.get(), owner);
    if (!peer)
        fail(
            path,
            "is held by a process of user " + std::to_string(owner) + " (run both as the same user)"
        );
    hand_over_taker taker(std::move(connection), *peer, path);
    taker.role_ = role;
    taker.settings_ = settings;
    return taker;
}

std::vector<inherited_socket> hand_over_taker::take()
{
    const int fd = connection_.get();
    // Whoever refuses us may have said so before we asked.
    (void)send_packet(fd, std::string(hand_over_greeting) + role_);
    auto answer = await_packet(fd, settings_.answer_timeout);
    if (answer.text.starts_with(hand_over_refusal))
        fail(path_, "does not hand over: " + answer.text.substr(hand_over_refusal.size()));
    const auto flags = answer.text.starts_with(hand_over_sockets)
                           ? answer.text.substr(hand_over_sockets.size())
                           : std::string();
    if (flags.empty() || flags.size() != answer.descriptors.size())
        fail(path_, "does not answer as a penstock " + role_ + " does (choose another path)");
    std::vector<inherited_socket> taken;
    for (std::size_t i = 0; i < flags.size(); ++i) {
        try {
            taken.push_back(adopt(std::move(answer.descriptors[i]), flags[i] == 'o'));
        } catch (const listen_error& e) {
            fail(path_, std::string("handed over what cannot be used: ") + e.what());
        }
    }
    return taken;
}

void hand_over_taker::ready() noexcept
{
    if (send_packet(connection_.get(), hand_over_ready))
        (void)await_packet(connection_.get(), settings_.answer_timeout);
    connection_ = {};
}

}  // namespace penstock::io
