#pragma once

#include <penstock/io/asio.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>

#include "curl_transfer.hpp"

namespace penstock::transport {

/// The caller's side of a connect_talk: the timer is the deadline, and is cancelled when `answer`
/// is there. Executor: the caller's thread.
struct talk_waiter {
    explicit talk_waiter(const io::asio::any_io_executor& executor) : timer(executor) {}

    io::asio::steady_timer timer;
    std::optional<connect_answer> answer;
};

/// A curl_transfer on a thread of its own. One that hangs outlives its caller.
///
/// Order of calls: start(), wait on the waiter's timer, abandon().
/// Lock: until abandon() the waiting coroutine, and so its io_context, is alive: the answer is
/// posted under the lock.
class connect_talk : public std::enable_shared_from_this<connect_talk> {
public:
    connect_talk(
        const upstream_proxy& proxy,
        const server_url& server,
        const ip_address& address,
        io::unique_descriptor connected
    );
    ~connect_talk();
    connect_talk(const connect_talk&) = delete;
    connect_talk& operator=(const connect_talk&) = delete;

    /// False: too many hang already, or there is no thread.
    [[nodiscard]] bool start(std::shared_ptr<talk_waiter> waiter);
    /// Ends the conversation without waiting for that; the waiter hears no more of it.
    void abandon() noexcept;

private:
    static void run(const std::shared_ptr<connect_talk>& self) noexcept;

    curl_transfer transfer_;
    const std::shared_ptr<std::atomic<unsigned>> talks_;

    std::mutex mutex_;
    std::shared_ptr<talk_waiter> waiter_;
};

}  // namespace penstock::transport
