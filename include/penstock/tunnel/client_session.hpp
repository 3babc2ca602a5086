#pragma once

#include <penstock/mux/hello.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace penstock::tunnel {

/// The gateway's side of a session, shared by its lanes on their threads. The first lane to come up
/// makes the session, the others join it; when all are lost the next one makes a new one. Locked:
/// used once a link, never for data.
class client_session {
public:
    /// Called, on any thread, when a lane that had to wait may try again.
    void add_listener(std::function<void()> changed);

    /// What the lane shall ask for; nothing: another lane is just making the session, wait for
    /// `changed`.
    [[nodiscard]] std::optional<mux::attach> begin(std::uint16_t lane);
    /// The lane asked, and it came to nothing.
    void abort(std::uint16_t lane);
    /// The server does not know the session that was to be joined: the next lane makes a new one.
    void refused(std::uint16_t lane, const mux::session_id& unknown);
    /// The server's HELLO is there.
    void established(std::uint16_t lane, const mux::hello& server);
    /// An established lane lost its link.
    void lost(const mux::session_id& session);

private:
    void notify();

    std::mutex mutex_;
    std::optional<mux::session_id> id_;
    mux::session_key key_{};
    std::optional<std::uint16_t> creator_;
    std::map<mux::session_id, std::uint32_t> lanes_;  ///< with a link, draining ones too
    std::uint32_t epoch_ = 0;
    std::vector<std::function<void()>> listeners_;
};

}  // namespace penstock::tunnel
