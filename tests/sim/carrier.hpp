#pragma once

#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "endpoint.hpp"

namespace sim {

/// A link breaks when so much of one direction has arrived.
struct octet_cut {
    bool up = true;
    std::uint64_t behind_bytes = 0;
};

/// What happens to the links of a run; times count from its beginning.
struct break_plan {
    std::optional<octet_cut> first_link;
    std::vector<microseconds> cuts;        ///< the link of that time breaks
    std::vector<microseconds> hand_overs;  ///< another link is attached while the old one works
    int doomed_attempts = 0;               ///< further links that break, most before they are used
    microseconds notice_max{3'000'000};    ///< until somebody sees that a link is gone
    microseconds patience_max{5'000'000};  ///< with an attempt that is not answered
    microseconds dial_max{1'000'000};
};

struct carrier_counters {
    int breaks = 0;
    int attempts = 0;
    int taken = 0;    ///< attempts that the server's lane went on with
    int refused = 0;  ///< attempts that came behind a newer one
};

/// One connection that the client made.
struct link {
    link(environment& env, const pipe_settings& u, const pipe_settings& d, std::uint32_t attempt)
        : up(env, u), down(env, d), epoch(attempt)
    {
    }

    pipe up, down;
    std::uint32_t epoch;   ///< of its HELLO; 0: the first link
    bool broken = false;   ///< what has not arrived by then may be lost
    bool left = false;     ///< the client has given it up
    bool greeted = false;  ///< its HELLO has come
    time_point client_notices = time_point::max();
    time_point server_notices = time_point::max();
    /// The server's, for the HELLO of a link that no lane has yet.
    std::unique_ptr<mux::lane> reader;
};

/// Carries two endpoints over one link after another: breaks links as planned, and does what the
/// owners of the two lanes would do about it (PROTOCOL.md, resume).
class carrier {
public:
    carrier(
        environment& env,
        const pipe_settings& up,
        const pipe_settings& down,
        break_plan plan,
        endpoint& client,
        endpoint& server
    );

    /// Everything that is due on the links.
    void deliver();
    /// What the owners do about what they see now.
    void look_after();
    [[nodiscard]] time_point next_at() const;

    /// Nothing breaks from now on.
    void be_calm();
    /// The first link broke before the lanes could be resumed.
    [[nodiscard]] bool ended() const { return ended_; }
    [[nodiscard]] const carrier_counters& counters() const { return counters_; }
    [[nodiscard]] const link& newest() const { return links_.back(); }

private:
    void deliver_up(link& l);
    void deliver_down(link& l);
    void read_hello(link& l, const pipe::delivery& d);
    void take_attempt(link& l, const mux::hello& h);
    void break_links();
    void break_link(link& l);
    void check_losses() const;
    void lose_client();
    void dial();
    void hand_over();
    [[nodiscard]] bool can_break() const;

    environment& env_;
    pipe_settings up_, down_;
    break_plan plan_;
    endpoint& client_;
    endpoint& server_;
    std::list<link> links_;
    link* client_link_ = nullptr;
    link* server_link_ = nullptr;
    std::uint32_t epoch_ = 0;         ///< of the client's latest attempt
    std::uint32_t server_epoch_ = 0;  ///< of the latest attempt that was taken
    time_point dial_at_ = time_point::max();
    time_point gives_up_at_ = time_point::max();
    bool ended_ = false;
    carrier_counters counters_;
};

}  // namespace sim
