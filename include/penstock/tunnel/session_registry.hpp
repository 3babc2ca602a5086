#pragma once

#include <penstock/auth/principal.hpp>
#include <penstock/base/result.hpp>
#include <penstock/mux/hello.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <variant>

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

struct session_limits {
    std::size_t sessions_max = 10'000;
    std::size_t sessions_per_principal_max = 64;
    std::uint32_t lanes_per_session_max = 64;
};

/// The server's sessions. A session lives as long as it has a lane. Locked: used once a link, never
/// for data.
class session_registry {
public:
    explicit session_registry(session_limits limits = {}) noexcept : limits_(limits) {}

    using outcome = std::variant<std::shared_ptr<session>, mux::refusal>;

    /// A link's HELLO asks for a fresh session or to join one. Joining takes the session's key (the
    /// proof) and the same principal.
    [[nodiscard]] outcome attach(const mux::attach& wanted, const auth::principal& who);
    /// The link is gone. With its last lane the session ends.
    void leave(const session& s);

    [[nodiscard]] std::size_t size() const;

private:
    struct entry {
        std::shared_ptr<session> value;
        std::uint32_t lanes = 0;
    };
    [[nodiscard]] outcome create(const auth::principal& who);
    [[nodiscard]] outcome join(const mux::attach& wanted, const auth::principal& who);

    session_limits limits_;
    mutable std::mutex mutex_;
    std::map<mux::session_id, entry> sessions_;
    std::map<std::string, std::weak_ptr<principal_usage>> usage_;
    std::uint64_t next_number_ = 1;
};

/// The proof of an attach: HMAC-SHA256 with the session's key.
[[nodiscard]] mux::attach_proof make_proof(const mux::attach& a, const mux::session_key& key);

}  // namespace penstock::tunnel
