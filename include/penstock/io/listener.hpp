#pragma once

#include <penstock/io/asio.hpp>
#include <penstock/io/inherited_socket.hpp>
#include <penstock/io/listen_address.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace penstock::io {

/// Why listening is not possible, as one line with the address and what to do about it.
class listen_error : public std::runtime_error {
public:
    listen_error(const std::string& what, error_code cause)
        : std::runtime_error(what), cause_(cause)
    {
    }
    [[nodiscard]] const error_code& cause() const noexcept { return cause_; }

private:
    error_code cause_;
};

struct listener_settings {
    int backlog = 4096;                  ///< the kernel takes the smaller of this and somaxconn
    unsigned accepts_per_turn_max = 64;  ///< then other work of the thread gets its turn
    std::chrono::milliseconds back_off_min{10
    };  ///< first pause without descriptors or memory; doubled
    std::chrono::milliseconds back_off_max{1'000};
    std::chrono::milliseconds report_interval{10'000};  ///< at most one report in this time
};

/// Connections that could not be taken, told at most once in report_interval; the layer above logs
/// it.
struct accept_trouble {
    error_code ec;
    std::uint64_t refused = 0;  ///< accepted and closed at once since the last report
};

/// What a listener calls. `choose` and `trouble` run on the listener's thread, `accepted` on the
/// chosen context's.
struct listener_hooks {
    /// The context that shall own the next connection.
    std::function<asio::io_context&()> choose;
    /// A connection with TCP_NODELAY set, nothing read from it yet. Copied to other threads:
    /// capture accordingly.
    std::function<void(asio::io_context& owner, stream_socket socket)> accepted;
    std::function<void(const accept_trouble&)> trouble;  ///< may be empty
};

/// One exclusive acceptor: a second program on the same port is told so (no SO_REUSEPORT). A unix
/// socket is made with mode 0600; a stale one is removed first, but only if it is a socket and
/// nobody answers on it.
///
/// Order of calls: construct (binds), address() for the log, start(), close().
/// Executor: `context`'s thread, except for construction before that runs. Lifetime: `context`
/// outlives it.
class listener {
public:
    /// Throws: listen_error ("127.0.0.1:1080 is in use by another program (choose another with
    /// --listen)").
    listener(
        asio::io_context& context,
        const listen_address& address,
        listener_hooks hooks,
        listener_settings settings = {}
    );
    /// On a socket that another process has bound. The path of a unix socket stays that process's
    /// until own_path(true).
    listener(
        asio::io_context& context,
        inherited_socket inherited,
        listener_hooks hooks,
        listener_settings settings = {}
    );
    ~listener();
    listener(listener&&) noexcept;
    listener& operator=(listener&&) noexcept;

    /// What is bound, with the real port where 0 was asked for.
    [[nodiscard]] const listen_address& address() const noexcept;
    /// For a process that is to listen beside us, and later instead of us. Any thread may call,
    /// until close() or give_up().
    [[nodiscard]] shared_socket shared() const noexcept;
    void start();
    /// Whether close() removes the path of a unix socket, if it is one that goes with its last
    /// owner. Not while close() or give_up() may run.
    void own_path(bool ours) noexcept;
    /// Stops accepting; the socket goes on listening in another process, and has its path.
    void give_up() noexcept;
    /// Stops accepting and removes the path of a unix socket. Harmless when repeated.
    void close() noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

}  // namespace penstock::io
