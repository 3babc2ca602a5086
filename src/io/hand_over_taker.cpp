#include <penstock/io/hand_over.hpp>
#include <penstock/io/listener.hpp>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hand_over_wire.hpp"

namespace penstock::io {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& why)
{
    throw hand_over_error("hand-over: " + path + ' ' + why);
}

/// pidfd_open(2); the header of glibc 2.36 declares it as a function of C++.
unique_descriptor open_process(pid_t number) noexcept
{
    return unique_descriptor(static_cast<int>(::syscall(SYS_pidfd_open, number, 0U)));
}

std::chrono::milliseconds remaining(clock::time_point deadline)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock::now());
}

}  // namespace

hand_over_taker::hand_over_taker(unique_descriptor connection, pid_t peer, std::string path)
    : connection_(std::move(connection)), peer_(peer), process_(open_process(peer)),
      path_(std::move(path))
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
        if (error == EAGAIN)
            fail(path, "has others waiting: another hand-over is under way; try again");
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
    const auto deadline = clock::now() + settings_.answer_timeout;
    packet answer;
    for (;;) {
        const int fd = connection_.get();
        // Whoever refuses us may have said so before we asked.
        (void)send_packet(fd, std::string(hand_over_greeting) + role_);
        answer = await_packet(fd, remaining(deadline));
        if (!answer.text.empty())
            break;
        connect_again(deadline);
    }
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

/// Who was asked has handed over to another process meanwhile, which has the path in a moment.
void hand_over_taker::connect_again(clock::time_point deadline)
{
    while (clock::now() < deadline) {
        (void)::poll(nullptr, 0, static_cast<int>(settings_.connect_pause.count()));
        if (auto next = connect(path_, role_, settings_)) {
            *this = std::move(*next);
            return;
        }
    }
    fail(path_, "does not answer: another hand-over is under way; try again");
}

void hand_over_taker::ready()
{
    const int fd = connection_.get();
    // If this cannot be sent, the other process may have said "bye" before it went.
    (void)send_packet(fd, hand_over_ready);
    auto heard = await_packet(fd, settings_.let_go_timeout);
    if (heard.text.empty()) {
        // From here on it cannot say "bye", and is told so.
        ::shutdown(fd, SHUT_RD);
        if (auto late = receive_packet(fd))
            heard = std::move(*late);
    }
    const bool has_let_go = heard.text == hand_over_bye || peer_has_died();
    connection_ = {};
    if (!has_let_go)
        fail(
            path_,
            "did not let go: the old process, " + std::to_string(peer_) + ", goes on (try again)"
        );
}

/// Its sockets are closed a moment before it counts as dead.
bool hand_over_taker::peer_has_died() const noexcept
{
    if (!process_)  // dead before we could look, or a kernel before 5.3
        return peer_ > 0 && ::kill(peer_, 0) != 0 && errno == ESRCH;
    pollfd waiting{process_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(settings_.death_timeout.count())) == 1;
}

}  // namespace penstock::io
