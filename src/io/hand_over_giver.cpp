#include <penstock/io/hand_over.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <utility>

#include "hand_over_wire.hpp"

namespace penstock::io {
namespace {

/// Processes that ask at the same time; one is served.
constexpr int asking_max = 4;

[[noreturn]] void fail(const std::string& path, const std::string& why)
{
    throw hand_over_error("hand-over: " + path + ' ' + why);
}

[[noreturn]] void fail(const std::string& path, int error)
{
    fail(
        path,
        std::string("cannot be made: ") + std::strerror(error) +
            " (check the permissions of its folder)"
    );
}

/// A listening socket under a name of its own, which then becomes `path` in one step: there is
/// no moment at which nobody listens there, and a stale name needs no removing.
unique_descriptor listen_at(const std::string& path)
{
    struct stat info{};
    if (::lstat(path.c_str(), &info) == 0 && !S_ISSOCK(info.st_mode))
        fail(path, "exists and is not a socket (remove it, or choose another path)");
    const auto own_name = path + '.' + std::to_string(::getpid());
    const auto address = address_of_path(own_name);
    unique_descriptor made(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::unlink(own_name.c_str());  // of a process with our number, long ago
    // The mode is set before there is a name, so that there is no moment with a wider one.
    if (!made || ::fchmod(made.get(), S_IRUSR | S_IWUSR) != 0 ||
        ::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail(path, errno);
    if (::chmod(own_name.c_str(), S_IRUSR | S_IWUSR) != 0 ||
        ::listen(made.get(), asking_max) != 0 || std::rename(own_name.c_str(), path.c_str()) != 0) {
        const int error = errno;
        ::unlink(own_name.c_str());
        fail(path, error);
    }
    return made;
}

}  // namespace

hand_over_giver::hand_over_giver(
    const std::string& path, std::string role, hand_over_settings settings
)
    : listening_(listen_at(path)), path_(std::in_place, path), role_(std::move(role)),
      settings_(settings)
{
}

int hand_over_giver::descriptor() const noexcept
{
    return stage_ == stage::waiting ? listening_.get() : connection_.get();  // pausing: none
}

hand_over_giver::outcome hand_over_giver::step(std::span<const shared_socket> sockets)
{
    if (stage_ == stage::waiting || stage_ == stage::pausing)
        return greet();
    if (clock::now() >= deadline_)
        return give_up("the new process did not go on in time");
    return stage_ == stage::asked ? answer(sockets) : hear_ready();
}

hand_over_giver::outcome hand_over_giver::greet()
{
    connection_ = unique_descriptor(
        ::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)
    );
    if (!connection_) {
        // What is in the queue would be readable at once again.
        const bool is_empty = errno == EAGAIN || errno == EWOULDBLOCK;
        stage_ = is_empty ? stage::waiting : stage::pausing;
        deadline_ = is_empty ? clock::time_point::max() : clock::now() + settings_.accept_pause;
        return {};
    }
    uid_t uid{};
    const auto peer = own_peer(connection_.get(), uid);
    if (!peer) {
        (void)send_packet(connection_.get(), "no this process is another user's");
        return give_up("a process of user " + std::to_string(uid) + " asked");
    }
    peer_ = *peer;
    stage_ = stage::asked;
    deadline_ = clock::now() + settings_.ask_timeout;
    return {};
}

hand_over_giver::outcome hand_over_giver::answer(std::span<const shared_socket> sockets)
{
    const auto asked = receive_packet(connection_.get());
    if (!asked)
        return {};
    if (asked->text != std::string(hand_over_greeting) + role_) {
        (void)send_packet(connection_.get(), "no this is a penstock " + role_);
        return give_up("a process asked that is no penstock " + role_ + " of this version");
    }
    if (sockets.empty() || sockets.size() > inherited_sockets_max) {
        (void)send_packet(connection_.get(), "no too many listeners");
        return give_up("too many listeners");
    }
    std::string told(hand_over_sockets);
    for (const auto& socket : sockets)
        told += socket.owns_path ? 'o' : 'f';
    if (!send_packet(connection_.get(), told, sockets))
        return give_up("the new process went away");
    stage_ = stage::giving;
    deadline_ = clock::now() + settings_.ready_timeout;
    return {};
}

hand_over_giver::outcome hand_over_giver::hear_ready()
{
    const auto heard = receive_packet(connection_.get());
    if (!heard)
        return {};
    if (heard->text != hand_over_ready || !send_packet(connection_.get(), hand_over_bye))
        return give_up("the new process ended before it was ready");
    path_->own(false);
    listening_ = {};
    return {outcome::kind::handed_over, {}, peer_};
}

bool hand_over_giver::let_go() noexcept
{
    return stage_ == stage::giving && send_packet(connection_.get(), hand_over_bye);
}

hand_over_giver::outcome hand_over_giver::give_up(std::string why)
{
    connection_ = {};
    stage_ = stage::waiting;
    deadline_ = clock::time_point::max();
    return {outcome::kind::given_up, std::move(why), peer_};
}

}  // namespace penstock::io
