#pragma once

#include <penstock/auth/user_table.hpp>
#include <penstock/inbound/conversation.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <condition_variable>
#include <exception>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "peer.hpp"

namespace penstock::inbound::test {

namespace asio = io::asio;

/// Opens streams to the test's own listener, whatever their target, or fails as told.
class fake_opener final : public opener {
public:
    asio::awaitable<open_outcome> open(open_request request) override;

    std::uint16_t target_port = 0;

    /// Opening a connection to `target` fails so from now on.
    void refuse(const std::string& target, failure why);
    /// Opening never completes from now on.
    void stall();
    /// "user>target", for each request so far.
    std::vector<std::string> requests();
    void wait_for_cancelled_open();

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<std::string, failure> refusals_;
    bool stalled_ = false;
    bool cancelled_ = false;
    std::vector<std::string> requests_;
};

/// A proxy in a thread of its own; the test plays its clients and its targets.
class world {
public:
    explicit world(settings s = {}, const std::string& users = "");
    ~world();

    peer client() { return peer::connect(port_); }
    peer target() { return targets_.accept(); }

    fake_opener opener;

    /// Waits until a client was accepted.
    void wait_for_conversation();
    /// Waits until no conversation is left; streams may be.
    void wait_for_no_conversation();
    /// Cancels all conversations, as a gateway does that ends.
    void cancel();

private:
    asio::awaitable<void> accept_loop();
    void ended(std::exception_ptr failed);

    settings settings_;
    std::optional<auth::user_table> users_;
    peer targets_;
    std::uint16_t port_ = 0;
    asio::io_context context_{1};
    io::tcp::acceptor acceptor_{context_};
    std::list<asio::cancellation_signal> signals_;  ///< one for each conversation so far
    std::mutex mutex_;
    std::condition_variable changed_;
    int accepted_ = 0;
    int conversations_ = 0;
    bool failed_ = false;
    std::thread thread_;
};

}  // namespace penstock::inbound::test
