#pragma once

#include <penstock/tunnel/lane_carrier.hpp>
#include <penstock/tunnel/server_choice.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace penstock::tunnel {

/// A place for one lane of the gateway: sees to it that there is one that takes new streams, at the
/// server that is the choice now. Dials with exponential back-off and full jitter.
///
/// A lane that is replaced (its server drains, is away for too long, or a preferred one is back)
/// keeps its streams until they end.
///
/// Lifetime: held by shared_ptr; config, resources, resolver and pool outlive its thread's last
/// handler. Executor: the resources' thread.
class client_lane final : public carrier_owner, public std::enable_shared_from_this<client_lane> {
public:
    client_lane(
        std::uint16_t index,
        const client_settings& config,
        thread_resources& resources,
        net::resolver& resolver,
        std::shared_ptr<server_choice> choice,
        lane_pool& pool
    );

    void start();
    /// The driver that takes new streams now; null while there is no link.
    [[nodiscard]] lane_driver* usable() const noexcept;
    /// The link is up, and the peer's grant of streams is used up.
    [[nodiscard]] bool full() const noexcept;
    /// There is no link that takes streams, and one is being made.
    [[nodiscard]] bool connecting() const noexcept;
    /// The network has changed: every link is looked at.
    void probe(const std::vector<ip_address>& local_addresses);
    /// The peers of all links are asked whether they are there.
    void ask();
    /// A request has no link to go to: a wait that a server asked for out of politeness ends.
    void hurry();
    void drain(std::chrono::milliseconds deadline);
    void close();
    /// Drops the link without a word.
    void abandon();
    /// After drain() or close(): no link is left.
    [[nodiscard]] bool idle() const noexcept { return !current_ && !coming_ && retired_.empty(); }

private:
    using carrier_ptr = std::shared_ptr<lane_carrier>;

    static io::asio::awaitable<void> run(std::shared_ptr<client_lane> self);
    io::asio::awaitable<void> pause(io::clock::duration wait);
    io::asio::awaitable<void> back_off(std::chrono::milliseconds asked);
    io::asio::awaitable<void> dial(std::size_t server);
    [[nodiscard]] std::optional<std::size_t> wanted_server();
    [[nodiscard]] io::clock::duration patience() const;
    [[nodiscard]] bool away_too_long() const;
    [[nodiscard]] bool has_elsewhere_to_go() const;
    void retire(carrier_ptr leaving);
    void keep(carrier_ptr leaving);
    template <class Call>
    void for_each(Call call);

    void on_up(lane_carrier& carrier, const mux::hello& peer) override;
    void on_away(lane_carrier& carrier) override;
    void on_leaving(lane_carrier& carrier, bool held) override;
    void on_end(lane_carrier& carrier, bool held) override;

    /// Replaced lanes that still have streams: beyond it the oldest is given up.
    static constexpr std::ptrdiff_t retired_max = 8;

    lane_place place_;
    std::shared_ptr<server_choice> choice_;
    backoff backoff_;
    asked_wait asked_;                  ///< by the server of the last lane, as it closed that
    io::asio::steady_timer changed_;    ///< cancelled when run() has something to look at
    carrier_ptr current_;               ///< was up; takes new streams while it has a link
    carrier_ptr coming_;                ///< has a link, and waits for the server's HELLO
    std::vector<carrier_ptr> retired_;  ///< keep their streams until these end
    bool lost_ = false;                 ///< the last lane ended: wait a little before the next dial
    std::string last_report_;
    bool waiting_for_session_ = false;
    bool backing_off_ = false;
    bool asked_to_wait_ = false;  ///< by the server, for the wait that backing_off_ is
    bool stopping_ = false;
};

}  // namespace penstock::tunnel
