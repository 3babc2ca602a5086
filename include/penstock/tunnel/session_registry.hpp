#pragma once

#include <penstock/auth/principal.hpp>
#include <penstock/base/result.hpp>
#include <penstock/mux/hello.hpp>
#include <penstock/transport/link.hpp>

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

namespace penstock::tunnel {

/// What all links of one principal use together.
struct principal_usage {
    std::atomic<std::uint32_t> streams{0};
};

/// A session at the server: what its lanes, on whatever thread, have in common.
struct session {
    mux::session_id id{};
    mux::session_key key{};
    std::uint64_t number = 0;  ///< for the log; counts from 1
    auth::principal who;
    std::shared_ptr<principal_usage> usage;
    std::atomic<std::uint32_t> dials{0};  ///< under way
};

/// Whoever holds a lane of a session. Executor: any thread may call; it gives its reference away,
/// so that the last one is dropped on the keeper's own thread.
class lane_keeper {
public:
    using pointer = std::shared_ptr<lane_keeper>;

    virtual ~lane_keeper() = default;
    /// The link on which `peer` asked for the lane.
    virtual void carry_on(pointer self, transport::link link, mux::hello peer) = 0;
    /// The lane has no link, and others need the room.
    virtual void expire(pointer self) = 0;
};

struct session_limits {
    std::size_t sessions_max = 10'000;
    std::size_t sessions_per_principal_max = 64;
    std::uint32_t lanes_per_session_max = 64;
    std::size_t parked_max = 4'096;               ///< lanes without a link
    std::size_t parked_per_principal_max = 256;   ///< four sessions of the most lanes
    std::size_t parked_bytes_max = 128UL << 20U;  ///< what they hold together
    std::size_t parked_bytes_per_principal_max = 64UL << 20U;
};

/// The server's sessions. A session lives as long as it has a lane, with or without a link. Locked:
/// used once a link, never for data.
class session_registry {
public:
    explicit session_registry(session_limits limits = {}) noexcept : limits_(limits) {}

    using outcome = std::variant<std::shared_ptr<session>, mux::refusal>;
    using resume_outcome = std::variant<lane_keeper::pointer, mux::refusal>;
    using keepers = std::vector<lane_keeper::pointer>;

    /// A link's HELLO asks for a fresh session or to join one. Joining takes the session's key (the
    /// proof) and the same principal. `keeper` has the lane from now on. A principal that has as
    /// many sessions as it may loses the oldest one without any link: its keepers are `displaced`,
    /// to be told so by expire().
    [[nodiscard]] outcome attach(
        const mux::attach& wanted,
        const auth::principal& who,
        const std::weak_ptr<lane_keeper>& keeper,
        keepers& displaced
    );
    /// A link's HELLO asks for a lane that exists; it takes an epoch that was not used before too.
    [[nodiscard]] resume_outcome resume(const mux::attach& wanted, const auth::principal& who);
    /// The lane is gone. With its last one the session ends.
    void leave(const session& s, std::uint16_t lane);

    /// The lane has lost its link and holds `bytes`. Answers with those that must go for it, the
    /// oldest first; expire() them.
    [[nodiscard]] keepers park(const session& s, std::uint16_t lane, std::size_t bytes);
    void unpark(const session& s, std::uint16_t lane);

    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] std::size_t parked() const;

private:
    struct lane_entry {
        std::uint32_t epoch = 0;
        std::weak_ptr<lane_keeper> keeper;
    };
    struct entry {
        std::shared_ptr<session> value;
        std::map<std::uint16_t, lane_entry> lanes;
    };
    struct parked_lane {
        mux::session_id session;
        std::uint16_t lane;
        std::string who;
        std::size_t bytes;
    };
    [[nodiscard]] std::variant<entry*, mux::refusal>
    find(const mux::attach& wanted, const auth::principal& who);
    [[nodiscard]] outcome create(const auth::principal& who, keepers& displaced);
    void displace_oldest(const auth::principal& who, keepers& displaced);
    [[nodiscard]] lane_keeper::pointer keeper_of(const parked_lane& parked);
    struct usage_of_parked {
        std::size_t lanes = 0;
        std::size_t bytes = 0;
    };
    /// Of `who`, or of all.
    [[nodiscard]] usage_of_parked parked_by(const std::string* who) const;

    session_limits limits_;
    mutable std::mutex mutex_;
    std::map<mux::session_id, entry> sessions_;
    std::map<std::string, std::weak_ptr<principal_usage>> usage_;
    std::list<parked_lane> parked_;  ///< oldest first
    std::uint64_t next_number_ = 1;
};

/// The proof of an attach: HMAC-SHA256 with the session's key.
[[nodiscard]] mux::attach_proof make_proof(const mux::attach& a, const mux::session_key& key);

}  // namespace penstock::tunnel
