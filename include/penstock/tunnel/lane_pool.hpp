#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/tunnel/client_settings.hpp>
#include <penstock/tunnel/lane_driver.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace penstock::tunnel {

class client_lane;

struct open_result {
    failure code = failure::general;
    std::string detail;            ///< one line for a person; empty on success
    local_stream::pointer stream;  ///< set exactly if code is none; attach() it or reset() it
    io::tcp::endpoint bound;       ///< the server's end of the connection to the target
    bool never_looked_at =
        false;  ///< refused by a lane that is about to go, before anything was done
};

/// The lanes of one thread: a request takes the lane with the least to do, or waits a bounded time
/// for a link. Full lanes bring up a spare one. Executor: its thread, but for lanes_up() and
/// streams().
class lane_pool {
public:
    lane_pool(const client_settings& config, thread_resources& resources);
    ~lane_pool();
    lane_pool(const lane_pool&) = delete;
    lane_pool& operator=(const lane_pool&) = delete;

    void add(std::shared_ptr<client_lane> lane);
    /// A lane that is kept up only from start_spare() on, or from when those that are up have
    /// hardly room for more streams.
    void add_spare(std::shared_ptr<client_lane> lane);
    void start();
    /// A link's congestion control halves its rate with each lost segment: several links keep more.
    void start_spare();
    /// Starts a spare lane if no lane was started yet.
    void wake();

    /// The network has changed: every link is looked at.
    void probe(const std::vector<ip_address>& local_addresses);
    /// A link fell silent or was lost: the others may be dead too.
    void ask_all();

    /// Completes with the target's answer, or when waiting for the link or the answer has ended.
    /// Cancellation: terminal; a stream that was asked for is reset.
    io::asio::awaitable<open_result> open(mux::open_frame request);

    /// No new streams; lanes go when their last stream has ended.
    void drain(std::chrono::milliseconds deadline);
    /// Ends everything now.
    void close();
    /// Drops everything without a word; the thread has ended.
    void clear();
    /// Lanes that have a link, draining ones included; approximate, from any thread.
    [[nodiscard]] unsigned links() const noexcept { return links_.load(std::memory_order_relaxed); }

    /// For whoever spreads clients over threads; approximate, from any thread.
    [[nodiscard]] unsigned lanes_up() const noexcept
    {
        return lanes_up_.load(std::memory_order_relaxed);
    }

    /// A lane's calls: it came up, or what it can do has changed.
    void lane_changed();
    void report_trouble(std::string why) { trouble_ = std::move(why); }

private:
    struct waiter;
    using waiter_list = boost::intrusive::list<waiter, boost::intrusive::constant_time_size<false>>;

    [[nodiscard]] lane_driver* best() noexcept;
    [[nodiscard]] bool full() const noexcept;
    [[nodiscard]] bool coming() const noexcept;
    void start_next_spare();
    [[nodiscard]] open_result unavailable() const;
    io::asio::awaitable<open_result>
    ask(const mux::open_frame& request, io::clock::time_point deadline);
    io::asio::awaitable<open_result> await_answer(local_stream::pointer stream);

    const client_settings& config_;
    thread_resources& resources_;
    std::vector<std::shared_ptr<client_lane>> lanes_;
    std::vector<std::shared_ptr<client_lane>> spare_;  ///< not started yet
    std::unique_ptr<waiter_list> waiters_;
    std::size_t waiting_ = 0;
    std::size_t next_ = 0;  ///< where the search starts, so that equal lanes take turns
    std::string trouble_;   ///< why there is no link, as last reported
    bool draining_ = false;
    std::atomic<unsigned> lanes_up_{0};
    std::atomic<unsigned> links_{0};
};

}  // namespace penstock::tunnel
