#pragma once

#include <penstock/auth/user_table.hpp>
#include <penstock/base/flat_buffer.hpp>
#include <penstock/inbound/opener.hpp>
#include <penstock/inbound/settings.hpp>
#include <penstock/io/asio.hpp>
#include <penstock/io/deadline.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::inbound {

namespace asio = io::asio;

/// One client's connection and what every step of its conversation needs. Lives in serve()'s frame;
/// all coroutines below it borrow it.
///
/// Deadline: one at a time. When it passes, what is pending on the client (and on `also_cancelled`)
/// completes with an error and every later operation fails with timed_out, until the next
/// set_deadline().
class session {
public:
    session(io::stream_socket socket, const settings& s, const auth::user_table* u, opener& o);
    session(const session&) = delete;
    session& operator=(const session&) = delete;

    io::stream_socket client;
    const settings& config;
    const auth::user_table* users;  ///< null: anybody may use the proxy
    opener& open;
    flat_buffer received;  ///< from the client, not used yet
    io::stream_socket* also_cancelled = nullptr;
    std::string_view protocol = "unknown";  ///< for the log

    void set_deadline(io::clock::duration after);
    /// Octets moved: the deadline counts from now.
    void extend_deadline(io::clock::duration after) { deadline_->extend(after); }
    [[nodiscard]] bool expired() const noexcept { return deadline_ && deadline_->expired(); }

    /// One line for a client that is turned away.
    void log_rejected(std::string_view why) const;

private:
    std::optional<io::deadline_guard> deadline_;
};

/// Appends what comes next from `from`, at most `octets_max`, to `into`. Errors: timed_out, eof,
/// the system's.
asio::awaitable<error_code>
receive_some(session& s, io::stream_socket& from, flat_buffer& into, std::size_t octets_max);

/// Errors: timed_out, the system's.
asio::awaitable<error_code> send_all(session& s, io::stream_socket& to, byte_view message);

/// Completes when the client's connection is broken (RST, or closed both ways), which no read has
/// to be pending for; or when cancelled, or at the deadline.
asio::awaitable<void> client_gone(session& s);

/// Opens a stream while watching the client; nothing if the client went away meanwhile.
asio::awaitable<std::optional<open_outcome>> open_watched(session& s, open_request request);

/// Ends a connection whose last reply was written: FIN, then reads on for a while, since closing
/// with unread octets would send an RST that can overtake the reply.
asio::awaitable<void> linger_close(session& s);

/// Whether the other end of `socket` is closed both ways, broken or gone.
[[nodiscard]] bool is_hung_up(io::stream_socket& socket) noexcept;

}  // namespace penstock::inbound
