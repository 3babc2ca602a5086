#pragma once

#include <penstock/auth/principal.hpp>
#include <penstock/egress/dialer.hpp>
#include <penstock/tunnel/lane_driver.hpp>
#include <penstock/tunnel/session_registry.hpp>

#include <memory>
#include <string>

#include "worker.hpp"

namespace penstock::server {

/// One link of a gateway: gives its lane a session, and its streams a target.
/// Lifetime: held by its worker and by the dials under way.
class lane_link final : public tunnel::lane_owner, public std::enable_shared_from_this<lane_link> {
public:
    lane_link(worker& home, transport::link link, auth::principal who);

    void start() { driver_->start(); }
    void drain(std::chrono::milliseconds deadline)
    {
        driver_->drain(deadline, "the server is shutting down");
    }
    void abandon() { driver_->abandon(); }
    void close() { driver_->close("the server is shutting down"); }

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

    void on_hello(tunnel::lane_driver& driver, const mux::hello& peer) override;
    void on_open(
        tunnel::lane_driver& driver, tunnel::local_stream::pointer stream, mux::open_frame request
    ) override;
    void on_draining(tunnel::lane_driver& driver, const std::string& text) override;
    void on_stream_end(
        tunnel::lane_driver& driver, const tunnel::local_stream& stream, failure code
    ) override;
    void on_lost(tunnel::lane_driver& driver, const std::string& why, bool clean) override;

    worker& home_;
    auth::principal who_;
    std::shared_ptr<tunnel::lane_driver> driver_;
    std::shared_ptr<tunnel::session> session_;
};

}  // namespace penstock::server
