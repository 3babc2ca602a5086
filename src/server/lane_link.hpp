#pragma once

#include <penstock/auth/principal.hpp>
#include <penstock/egress/dialer.hpp>
#include <penstock/tunnel/lane_driver.hpp>
#include <penstock/tunnel/session_registry.hpp>

#include <memory>
#include <string>

#include "worker.hpp"

namespace penstock::server {

/// One lane of a gateway: gives it a session, its streams a target, and when it has lost its link
/// the one on which the gateway comes back.
/// Lifetime: held by its worker and by the dials under way.
class lane_link final : public tunnel::lane_owner,
                        public tunnel::lane_keeper,
                        public std::enable_shared_from_this<lane_link> {
public:
    lane_link(worker& home, transport::link link, auth::principal who);

    void start() { driver_->start(); }
    void drain(std::chrono::milliseconds deadline, ws::close_code code);
    void abandon() { driver_->abandon(); }
    void close() { driver_->close("the server is shutting down"); }

    void carry_on(pointer self, transport::link link, mux::hello peer) override;
    void expire(pointer self) override;

private:
    static io::asio::awaitable<void> dial(
        std::shared_ptr<lane_link> self,
        tunnel::local_stream::pointer stream,
        target destination,
        std::chrono::milliseconds timeout
    );
    void answer(
        const tunnel::local_stream::pointer& stream, const target& to, egress::dial_outcome outcome
    );
    void refuse(
        const tunnel::local_stream::pointer& stream,
        const target& to,
        failure code,
        std::string_view detail
    );

    [[nodiscard]] mux::hello our_hello(bool paced) const;
    void refuse_link(tunnel::lane_driver& driver, mux::refusal why);
    void pass_on(tunnel::lane_driver& driver, const mux::hello& peer);
    void resume(transport::link link, const mux::hello& peer);

    void on_hello(tunnel::lane_driver& driver, const mux::hello& peer) override;
    void on_open(
        tunnel::lane_driver& driver, tunnel::local_stream::pointer stream, mux::open_frame request
    ) override;
    void on_draining(tunnel::lane_driver& driver, const std::string& text) override;
    void on_stream_end(
        tunnel::lane_driver& driver, const tunnel::local_stream& stream, failure code
    ) override;
    void on_detached(tunnel::lane_driver& driver, const std::string& why) override;
    void on_lost(tunnel::lane_driver& driver, const std::string& why, bool clean) override;

    worker& home_;
    auth::principal who_;
    std::shared_ptr<tunnel::lane_driver> driver_;
    std::shared_ptr<tunnel::session> session_;
    std::uint16_t lane_ = 0;   ///< its number in the session
    std::uint32_t epoch_ = 0;  ///< of the newest link
};

}  // namespace penstock::server
