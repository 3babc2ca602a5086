#pragma once

#include <penstock/io/asio.hpp>
#include <penstock/io/descriptor.hpp>
#include <penstock/io/inherited_socket.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// Listening sockets that go from a process to the one that replaces it, over a unix socket
/// (SOCK_SEQPACKET), so that no connection is refused meanwhile. One packet a step:
///
///     new -> old   "penstock hand-over 1 server"
///     old -> new   "sockets fo" with two descriptors: the first keeps its path, we own the
///     second's
///                  or "no CAUSE"
///     new -> old   "ready"          it accepts connections by now
///     old -> new   "bye"            and stops accepting
///
/// Whatever goes wrong before "bye", the old process goes on as if nothing had happened, and the
/// new one ends: "bye" is what both know or neither (a packet that cannot be delivered cannot be
/// sent). Only the death of the old process is as good. Both sides must be processes of one user
/// (SO_PEERCRED), and every wait ends.
namespace penstock::io {

/// One line with the path, the cause and the remedy.
class hand_over_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct hand_over_settings {
    std::chrono::milliseconds ask_timeout{1'000};     ///< for whoever connects to say what it wants
    std::chrono::milliseconds answer_timeout{6'000};  ///< of the old process, with others before us
    std::chrono::milliseconds ready_timeout{30'000};  ///< for the new process to be listening
    /// For "bye". More than ready_timeout: an old process that has not heard "ready" has given up
    /// by then.
    std::chrono::milliseconds let_go_timeout{35'000};
    std::chrono::milliseconds death_timeout{2'000};  ///< from closing its sockets to its end
    /// Without descriptors or memory for whoever asks; who asks waits longer.
    std::chrono::milliseconds accept_pause{100};
    std::chrono::milliseconds connect_pause{50};  ///< between attempts to reach who comes next
};

/// The longest path that leaves room for the name under which the socket is made.
inline constexpr std::size_t hand_over_path_max = 90;

/// The new process's side. Blocks, for no longer than the settings say.
class hand_over_taker {
public:
    /// Nothing: no process answers at `path`. Throws: hand_over_error.
    [[nodiscard]] static std::optional<hand_over_taker>
    connect(const std::string& path, std::string_view role, hand_over_settings settings = {});

    /// What the other process listens on. Throws: hand_over_error.
    [[nodiscard]] std::vector<inherited_socket> take();
    /// We accept connections; the other process stops that now, or has died. Throws:
    /// hand_over_error if it goes on.
    void ready();
    [[nodiscard]] pid_t peer() const noexcept { return peer_; }

private:
    hand_over_taker(unique_descriptor connection, pid_t peer, std::string path);

    [[nodiscard]] bool peer_has_died() const noexcept;
    void connect_again(clock::time_point deadline);

    unique_descriptor connection_;
    pid_t peer_;
    unique_descriptor process_;  ///< pidfd_open(2): its number may be another's by and by
    std::string path_;
    std::string role_;
    hand_over_settings settings_;
};

/// The running process's side: waits at a path, and never blocks.
///
/// Order: construct; whenever descriptor() is readable or deadline() has passed, step(); until that
/// says handed_over.
class hand_over_giver {
public:
    /// Takes the path, from a process that has handed over to us or that is gone. Throws:
    /// hand_over_error.
    hand_over_giver(const std::string& path, std::string role, hand_over_settings settings = {});

    [[nodiscard]] int descriptor() const noexcept;  ///< -1: nothing to wait for but the deadline
    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }

    struct outcome {
        enum class kind : unsigned char { nothing_new, given_up, handed_over };
        kind what = kind::nothing_new;
        std::string why;  ///< given_up: in words
        pid_t peer = 0;
    };
    [[nodiscard]] outcome step(std::span<const shared_socket> sockets);
    /// We end, whatever the other side does. The process that has our sockets, if there is one
    /// (true), is told that they are its own now.
    [[nodiscard]] bool let_go() noexcept;

private:
    enum class stage : unsigned char { waiting, pausing, asked, giving };

    [[nodiscard]] outcome greet();
    [[nodiscard]] outcome answer(std::span<const shared_socket> sockets);
    [[nodiscard]] outcome hear_ready();
    [[nodiscard]] outcome give_up(std::string why);

    unique_descriptor listening_;
    std::optional<unix_socket_path> path_;
    std::string role_;
    hand_over_settings settings_;
    unique_descriptor connection_;
    pid_t peer_ = 0;
    stage stage_ = stage::waiting;
    clock::time_point deadline_ = clock::time_point::max();
};

}  // namespace penstock::io
