#pragma once

#include <penstock/net/resolver.hpp>
#include <penstock/tunnel/backoff.hpp>
#include <penstock/tunnel/client_session.hpp>
#include <penstock/tunnel/client_settings.hpp>
#include <penstock/tunnel/lane_driver.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace penstock::tunnel {

class lane_pool;

/// One lane of the gateway: keeps a link to the server, and dials again when it is lost: at once
/// and to the same server for a lane that is to be carried on, else with exponential back-off, full
/// jitter, and the servers in turn.
///
/// Lifetime: held by shared_ptr; config, resources, resolver and pool outlive its thread's last
/// handler. Executor: the resources' thread.
class client_lane final : public lane_owner, public std::enable_shared_from_this<client_lane> {
public:
    client_lane(
        std::uint16_t index,
        const client_settings& config,
        thread_resources& resources,
        net::resolver& resolver,
        std::shared_ptr<client_session> session,
        lane_pool& pool
    );

    void start();
    /// The driver that takes new streams now; null while there is no link.
    [[nodiscard]] lane_driver* usable() const noexcept;
    /// The link is up, and the peer's grant of streams is used up.
    [[nodiscard]] bool full() const noexcept;
    /// There is no link that takes streams, and one is being made.
    [[nodiscard]] bool connecting() const noexcept;
    void drain(std::chrono::milliseconds deadline);
    void close();
    /// Drops the link without a word.
    void abandon();
    /// After drain() or close(): no link is left.
    [[nodiscard]] bool idle() const noexcept { return !driver_ && retired_.empty(); }

private:
    static io::asio::awaitable<void> run(std::shared_ptr<client_lane> self);
    io::asio::awaitable<void> pause(std::chrono::milliseconds wait);
    io::asio::awaitable<void> dial_fresh();
    io::asio::awaitable<void> dial_again();
    void use(transport::link link, const mux::attach& wanted);
    void carry_on(transport::link link);
    void note_end_of_link();
    void report(const transport::server_url& server, const transport::dial_failure& why);

    void on_hello(lane_driver& driver, const mux::hello& peer) override;
    void
    on_open(lane_driver& driver, local_stream::pointer stream, mux::open_frame request) override;
    void on_draining(lane_driver& driver, const std::string& text) override;
    void on_stream_end(lane_driver& driver, const local_stream& stream, failure code) override;
    void on_detached(lane_driver& driver, const std::string& why) override;
    void on_lost(lane_driver& driver, const std::string& why, bool clean) override;

    /// A link that did not last this long is no reason to dial at once.
    static constexpr std::chrono::seconds held_at_least{1};

    std::uint16_t index_;
    const client_settings& config_;
    thread_resources& resources_;
    net::resolver& resolver_;
    std::shared_ptr<client_session> session_;
    lane_pool& pool_;
    std::uint32_t seed_;  ///< of the waits, and of the lane's heartbeat
    backoff backoff_;
    backoff again_;                   ///< while streams wait: short
    io::asio::steady_timer changed_;  ///< cancelled when run() has something to look at
    std::shared_ptr<lane_driver> driver_;
    std::vector<std::shared_ptr<lane_driver>>
        retired_;  ///< draining: they keep their streams until these end
    std::map<const lane_driver*, lane_ticket> tickets_;  ///< of the lanes that were up
    mux::attach wanted_;                                 ///< what the newest link asked for
    std::size_t server_ = 0;                             ///< for fresh lanes
    std::size_t home_ = 0;                               ///< the server of driver_
    std::size_t attempts_ = 0;            ///< to carry driver_ on, since it was last up
    bool silent_ = false;                 ///< nothing answered the last attempt to carry driver_ on
    bool refused_ = false;                ///< it was answered, and with a no
    std::chrono::milliseconds asked_{0};  ///< for how long not to come again
    std::optional<io::tcp::endpoint> address_;  ///< of the server's end of the last link
    io::clock::time_point up_since_{};
    io::clock::time_point lost_since_{};
    std::string last_report_;
    bool waiting_for_session_ = false;
    bool stopping_ = false;
};

}  // namespace penstock::tunnel
