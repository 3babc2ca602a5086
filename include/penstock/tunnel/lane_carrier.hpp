#pragma once

#include <penstock/net/resolver.hpp>
#include <penstock/tunnel/backoff.hpp>
#include <penstock/tunnel/client_session.hpp>
#include <penstock/tunnel/client_settings.hpp>
#include <penstock/tunnel/lane_driver.hpp>
#include <penstock/tunnel/stay_away.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::tunnel {

class lane_carrier;
class lane_pool;

/// What a carrier tells the client_lane whose it is. Calls come from its thread.
class carrier_owner {
public:
    virtual ~carrier_owner() = default;

    /// A link is up: the first one, or another for the lane that lost its link.
    virtual void on_up(lane_carrier& carrier, const mux::hello& peer) = 0;
    /// The link is suspect or lost; another one is being looked for.
    virtual void on_away(lane_carrier& carrier) = 0;
    /// The server takes no new streams on this lane. `held`: its last link was up for longer than a
    /// moment.
    virtual void on_leaving(lane_carrier& carrier, bool held) = 0;
    /// The last call: the lane has ended.
    virtual void on_end(lane_carrier& carrier, bool held) = 0;
};

/// What the lanes of one place among a gateway's have in common.
struct lane_place {
    std::uint16_t index;
    const client_settings& config;
    thread_resources& resources;
    net::resolver& resolver;
    lane_pool& pool;
    std::uint32_t seed;  ///< of the waits, and of the lane's heartbeat

    /// The same trouble is told once, then only at debug: a server that is away for a night is one
    /// line.
    void
    report(std::size_t server, const transport::dial_failure& why, std::string& last_report) const;
};

/// One lane of a session, from its first link to its end: dials the same server again when the link
/// is lost, and already when it is silent (make before break).
///
/// Lifetime: held by shared_ptr; the place's references and the owner outlive its thread's last
/// handler, or abandon() is called first. Executor: the resources' thread.
class lane_carrier final : public lane_owner, public std::enable_shared_from_this<lane_carrier> {
public:
    lane_carrier(
        const lane_place& place,
        std::size_t server,
        client_session& session,
        const mux::attach& wanted,
        carrier_owner& owner
    );

    void start(transport::link link);
    /// Takes no new streams, and ends with its last one.
    void retire();
    /// The same, telling the server.
    void drain(std::chrono::milliseconds deadline);
    void close(std::string_view why);
    /// Drops the link without a word.
    void abandon();
    /// A request has no other link to go to.
    void hurry();
    /// The network has changed: looks at once whether the link still holds.
    void probe(const std::vector<ip_address>& local_addresses);

    [[nodiscard]] lane_driver& driver() const noexcept { return *driver_; }
    [[nodiscard]] std::size_t server() const noexcept { return server_; }
    /// It was to join a session that the server does not know: the next one will be fresh.
    [[nodiscard]] bool forgotten() const noexcept;
    /// It ended in a way that says nothing against its server.
    [[nodiscard]] bool comes_again() const noexcept;
    /// close() was called.
    [[nodiscard]] bool ending() const noexcept { return ending_; }
    /// Since when the lane is without a link that works; nothing: it has one.
    [[nodiscard]] std::optional<io::clock::time_point> away_since() const noexcept;

private:
    static io::asio::awaitable<void> run(std::shared_ptr<lane_carrier> self);
    io::asio::awaitable<void> dial_again();
    [[nodiscard]] std::chrono::milliseconds wait_before_dial(std::chrono::milliseconds asked);
    io::asio::awaitable<void> pause(std::chrono::milliseconds wait);
    [[nodiscard]] bool wants_link() const noexcept
    {
        return driver_->detached() || driver_->suspect() || driver_->losing();
    }
    void carry_on(transport::link link, const transport::server_url& to);
    [[nodiscard]] bool is_useless() const noexcept;
    [[nodiscard]] bool held() const;
    void note_away();

    void on_hello(lane_driver& driver, const mux::hello& peer) override;
    void
    on_open(lane_driver& driver, local_stream::pointer stream, mux::open_frame request) override;
    void on_draining(lane_driver& driver, const std::string& text) override;
    void on_stream_end(lane_driver& driver, const local_stream& stream, failure code) override;
    void on_suspect(lane_driver& driver, const std::string& why) override;
    void on_detached(lane_driver& driver, const std::string& why) override;
    void on_lost(lane_driver& driver, const std::string& why, bool clean) override;

    /// A link that did not last this long is no reason to dial at once.
    static constexpr std::chrono::seconds held_at_least{1};

    const lane_place& place_;
    std::size_t server_;
    client_session& session_;
    mux::attach wanted_;  ///< what the newest link asked for
    carrier_owner& owner_;
    std::shared_ptr<lane_driver> driver_;
    std::optional<lane_ticket> ticket_;  ///< once the lane was up
    backoff again_;                      ///< while streams wait: short
    backoff refused_again_;
    io::asio::steady_timer changed_;            ///< cancelled when run() has something to look at
    std::size_t attempts_ = 0;                  ///< to carry the lane on, since it was last up
    bool silent_ = false;                       ///< nothing answered the last attempt
    bool refused_ = false;                      ///< it was answered, and with a no
    asked_wait asked_;                          ///< for how long not to come again
    std::optional<io::tcp::endpoint> address_;  ///< of the server's end of the last link
    io::clock::time_point up_since_{};
    std::optional<io::clock::time_point> away_since_;
    std::string last_report_;
    bool loss_told_ = false;
    bool asked_to_wait_ = false;  ///< by the server, for the wait that is under way
    bool ending_ = false;
    bool retired_ = false;
    bool over_ = false;
};

}  // namespace penstock::tunnel
