#include "stdio_relay.hpp"

#include <penstock/base/flat_buffer.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "command.hpp"

namespace penstock::app {
namespace {

constexpr std::size_t buffer_octets_max =
    256 * 1024;  ///< in each direction; then its source is not read
constexpr std::size_t chunk_octets = 64 * 1024;

[[noreturn]] void fail(const char* what, int error)
{
    throw run_error(std::string(what) + ": " + std::generic_category().message(error));
}

bool is_transient(int error) noexcept { return error == EAGAIN || error == EINTR; }

class relay {
public:
    relay(int socket, octets early) : socket_(socket)
    {
        down_.append(early);
        struct stat info{};
        if (::fstat(STDOUT_FILENO, &info) == 0) {
            stdout_is_socket_ = S_ISSOCK(info.st_mode);
            stdout_is_file_ = S_ISREG(info.st_mode);
        }
    }

    void run()
    {
        while (!up_done_ || !down_done_)
            turn();
    }

private:
    void turn()
    {
        // A descriptor of which nothing is wanted is left out: poll() reports a hang-up whether
        // asked for or not.
        const bool read_stdin = !stdin_eof_ && up_.size() < buffer_octets_max;
        const bool read_socket = !socket_eof_ && down_.size() < buffer_octets_max;
        const bool write_socket = !up_.empty();
        // Behind the peer's FIN an idle socket is still watched, for the reset that says that
        // nobody listens any more.
        const bool watch_socket = read_socket || write_socket || (socket_eof_ && !up_done_);
        std::array<pollfd, 3> fds{{
            {read_stdin ? STDIN_FILENO : -1, POLLIN, 0},
            {watch_socket ? socket_ : -1, events(read_socket, write_socket), 0},
            {down_done_ ? -1 : STDOUT_FILENO, events(false, !down_.empty()), 0},
        }};
        if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR)
            fail("poll", errno);

        if (fds[0].revents != 0)
            take_stdin();
        if ((fds[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && read_socket)
            take_socket();
        if (fds[2].revents != 0)
            give_stdout(fds[2].revents);
        if (!up_.empty() && (fds[1].revents & (POLLOUT | POLLHUP | POLLERR)) != 0)
            give_socket();
        if (socket_eof_ && up_.empty() && (fds[1].revents & (POLLHUP | POLLERR)) != 0)
            stdin_eof_ = true;
        finish_directions();
    }

    static short events(bool in, bool out) noexcept
    {
        return static_cast<short>((in ? POLLIN : 0) | (out ? POLLOUT : 0));
    }

    void take_stdin()
    {
        const auto room = up_.prepare(chunk_octets);
        const auto got = ::read(STDIN_FILENO, room.data(), chunk_octets);
        if (got > 0)
            up_.commit(static_cast<std::size_t>(got));
        else if (got == 0 || !is_transient(errno))
            stdin_eof_ = true;  // a closed terminal or descriptor is the end of input as well
    }

    void take_socket()
    {
        const auto room = down_.prepare(chunk_octets);
        const auto got = ::recv(socket_, room.data(), chunk_octets, MSG_DONTWAIT);
        if (got > 0)
            down_.commit(static_cast<std::size_t>(got));
        else if (got == 0)
            socket_eof_ = true;
        else if (!is_transient(errno))
            break_off(errno);
    }

    void give_socket()
    {
        const auto view = up_.view();
        const auto sent = ::send(socket_, view.data(), view.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0)
            up_.consume(static_cast<std::size_t>(sent));
        else if (sent < 0 && !is_transient(errno))
            break_off(errno);
    }

    void give_stdout(short revents)
    {
        if (down_.empty()) {
            // Asked for nothing, so this is an error: nobody reads our output any more.
            if ((revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
                fail("stdout", EPIPE);
            return;
        }
        const auto written = write_stdout(down_.view());
        if (written > 0)
            down_.consume(static_cast<std::size_t>(written));
        else if (written < 0 && !is_transient(errno))
            fail("stdout", errno);
    }

    /// A pipe that is writable has room for PIPE_BUF octets; more could block, and with it the
    /// other direction.
    [[nodiscard]] ssize_t write_stdout(byte_view view) const
    {
        if (stdout_is_socket_)
            return ::send(STDOUT_FILENO, view.data(), view.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        const auto octets_max =
            stdout_is_file_ ? view.size() : std::min<std::size_t>(view.size(), PIPE_BUF);
        return ::write(STDOUT_FILENO, view.data(), octets_max);
    }

    /// The connection is gone: what arrived before is still delivered.
    void break_off(int error)
    {
        while (!down_.empty()) {
            const auto written = ::write(STDOUT_FILENO, down_.view().data(), down_.size());
            if (written > 0)
                down_.consume(static_cast<std::size_t>(written));
            else if (!is_transient(errno))
                break;
        }
        fail("connection", error);
    }

    void finish_directions()
    {
        if (stdin_eof_ && up_.empty() && !up_done_) {
            up_done_ = true;
            ::shutdown(socket_, SHUT_WR);
        }
        if (socket_eof_ && down_.empty() && !down_done_) {
            down_done_ = true;
            if (::close(STDOUT_FILENO) != 0)
                fail("stdout", errno);
        }
    }

    int socket_;
    flat_buffer up_;
    flat_buffer down_;
    bool stdin_eof_ = false;
    bool socket_eof_ = false;
    bool up_done_ = false;
    bool down_done_ = false;
    bool stdout_is_socket_ = false;
    bool stdout_is_file_ = false;
};

}  // namespace

void relay_stdio(int socket, octets early) { relay(socket, std::move(early)).run(); }

}  // namespace penstock::app
