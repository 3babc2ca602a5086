#pragma once

#include <penstock/mux/hello.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace penstock::tunnel {

/// What a lane needs to be carried on over another link.
struct lane_ticket {
    mux::session_id session{};
    mux::session_key key{};
    std::uint16_t lane = 0;
    std::uint32_t epoch = 0;  ///< of the latest attempt
    std::string node{};       ///< of the servers behind one address, the one that has the session

    /// The next attempt: everything below `recv_seq` has come.
    [[nodiscard]] mux::attach resume(std::uint64_t recv_seq);
};

/// The gateway's side of a session, shared by its lanes on their threads. The first lane to come up
/// makes the session, the others join it; when all are lost the next one makes a new one. Locked:
/// used once a link, never for data.
class client_session {
public:
    /// Called, on any thread, when a lane that had to wait may try again.
    void add_listener(std::function<void()> changed);

    /// What the lane shall ask for; nothing: another lane is just making the session, wait for
    /// `changed`. `place` is the lane's among ours; its number in the session is used once.
    [[nodiscard]] std::optional<mux::attach> begin(std::uint16_t place);
    /// Where the session is that a lane would join; empty: nothing is known about that.
    [[nodiscard]] std::string node() const;
    /// The lane asked, and it came to nothing.
    void abort(std::uint16_t place);
    /// The session is of no use any more: the next lane makes a new one.
    void forget(const mux::session_id& session);
    /// The same, told to a lane that asked to join it.
    void refused(std::uint16_t place, const mux::session_id& unknown);
    /// The server's HELLO is there, in answer to `asked`.
    [[nodiscard]] lane_ticket
    established(std::uint16_t place, const mux::attach& asked, const mux::hello& server);
    /// An established lane is no more.
    void lost(const mux::session_id& session);

private:
    void notify();

    mutable std::mutex mutex_;
    std::optional<mux::session_id> id_;
    std::optional<std::uint16_t> creator_;
    struct living {
        mux::session_key key{};
        std::uint32_t lanes = 0;  ///< draining ones too
        std::string node{};
    };
    std::map<mux::session_id, living> sessions_;
    std::map<std::uint16_t, mux::session_key> joining_;  ///< by place, of the session asked for
    std::uint16_t next_lane_ = 0;
    std::vector<std::function<void()>> listeners_;
};

}  // namespace penstock::tunnel
