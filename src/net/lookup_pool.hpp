#pragma once

#include <penstock/net/resolver.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "answer_cache.hpp"

namespace penstock::net {

/// One caller of resolve(). Its timer is the deadline, and is cancelled when `result` is there.
/// Executor: everything but `principal` belongs to the caller's thread; results come by post.
struct lookup_waiter {
    lookup_waiter(const io::asio::any_io_executor& executor, std::string who)
        : timer(executor), principal(std::move(who))
    {
    }

    io::asio::steady_timer timer;
    std::string principal;
    std::optional<lookup_result> result;
};

/// What callers on all threads and the workers share. A worker that hangs in a lookup keeps it
/// alive.
///
/// Lock: everything here is guarded by `mutex_`; no lookup runs and nobody is waited for under it.
/// A waiter that is listed has its coroutine, and so its io_context, alive: results are posted
/// under the lock.
class lookup_pool : public std::enable_shared_from_this<lookup_pool> {
public:
    explicit lookup_pool(resolver_settings settings);

    /// An answer that is known at once, or a refusal; otherwise `waiter` is told later, unless it
    /// leaves.
    [[nodiscard]] std::optional<lookup_result>
    enter(const std::string& name, const std::shared_ptr<lookup_waiter>& waiter);
    /// Always called after an enter() without an answer, told or not.
    void leave(const std::string& name, const std::shared_ptr<lookup_waiter>& waiter) noexcept;
    /// Tells every waiter that there will be no answer and lets the workers go; waits for none of
    /// them.
    void stop() noexcept;

    [[nodiscard]] resolver::counters count() const;
    [[nodiscard]] std::chrono::milliseconds deadline() const noexcept { return settings_.deadline; }

private:
    struct job {
        std::string name;
        std::string principal;  ///< whose share of the workers it uses: the first caller's
        bool running = false;
        std::vector<std::shared_ptr<lookup_waiter>> waiters;
    };
    struct share {
        std::size_t waiting = 0;
        unsigned running = 0;
    };

    static void work(std::shared_ptr<lookup_pool> self) noexcept;
    [[nodiscard]] bool ensure_worker();
    [[nodiscard]] bool may_run(const job& one) const;
    [[nodiscard]] std::shared_ptr<job> take_job();
    [[nodiscard]] bool wait_for_job(std::unique_lock<std::mutex>& lock);
    void finish(const std::shared_ptr<job>& done, const lookup_result& result);
    void release_share(const std::string& principal) noexcept;

    const resolver_settings settings_;
    mutable std::mutex mutex_;
    std::condition_variable job_or_stop_;
    std::unordered_map<std::string, std::shared_ptr<job>> jobs_;  ///< by name, queued and running
    std::deque<std::shared_ptr<job>> queue_;
    std::unordered_map<std::string, share> shares_;
    answer_cache cache_;
    unsigned workers_ = 0;
    unsigned idle_ = 0;
    std::size_t running_ = 0;
    std::size_t waiting_ = 0;
    bool stopped_ = false;
};

}  // namespace penstock::net
