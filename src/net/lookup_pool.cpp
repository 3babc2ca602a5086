#include "lookup_pool.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>
#include <pthread.h>
#include <system_error>
#include <thread>
#include <utility>

namespace penstock::net {
namespace {

lookup_result failed(failure code, const char* why)
{
    lookup_result outcome;
    outcome.code = code;
    outcome.detail = why;
    return outcome;
}

/// The posted function; a class of its own because it is moved to another thread by value.
struct tell {
    std::shared_ptr<lookup_waiter> waiter;
    lookup_result result;

    void operator()()
    {
        waiter->result = std::move(result);
        waiter->timer.cancel();
    }
};

/// Signals are the main thread's; a worker that hangs in a lookup would not act on them.
void prepare_this_thread() noexcept
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    pthread_setname_np(pthread_self(), "penstock/dns");
}

}  // namespace

lookup_pool::lookup_pool(resolver_settings settings)
    : settings_(std::move(settings)), cache_(settings_.cached_names_max)
{
}

// 1. the cache, 2. this caller's share, 3. a lookup of the same name that is under way, 4. a new
// one, if there is room.
std::optional<lookup_result>
lookup_pool::enter(const std::string& name, const std::shared_ptr<lookup_waiter>& waiter)
{
    const std::lock_guard lock(mutex_);
    if (stopped_)
        return failed(failure::name_lookup_failed, "the resolver has been stopped");
    if (const auto* known = cache_.find(name, settings_.now()))
        return *known;

    const auto mine = shares_.find(waiter->principal);
    if (mine != shares_.end() && mine->second.waiting >= settings_.waiting_per_principal_max)
        return failed(failure::overloaded, "too many names of this user are being looked up");

    auto& same = jobs_[name];
    if (!same) {
        if (queue_.size() >= settings_.queued_max) {
            jobs_.erase(name);
            return failed(failure::overloaded, "too many names are being looked up");
        }
        same = std::make_shared<job>(
            job{.name = name, .principal = waiter->principal, .running = false, .waiters = {}}
        );
        queue_.push_back(same);
        if (!ensure_worker()) {
            queue_.pop_back();
            jobs_.erase(name);
            return failed(failure::overloaded, "no thread to look up the name");
        }
    }
    if (!same->running && !may_run(*same)) {
        // Its first caller has used up its share of the workers; that must not hold up the others
        // who ask for it.
        same->principal = waiter->principal;
        if (may_run(*same))
            job_or_stop_.notify_one();
    }
    same->waiters.push_back(waiter);
    ++shares_[waiter->principal].waiting;
    ++waiting_;
    return std::nullopt;
}

void lookup_pool::leave(
    const std::string& name, const std::shared_ptr<lookup_waiter>& waiter
) noexcept
{
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(name);
    if (found == jobs_.end() || std::erase(found->second->waiters, waiter) == 0)
        return;  // told already
    --waiting_;
    --shares_[waiter->principal].waiting;
    release_share(waiter->principal);
    const auto& left = found->second;
    if (left->waiters.empty() && !left->running) {
        std::erase(queue_, left);  // nobody wants it any more
        jobs_.erase(found);
    }
}

void lookup_pool::stop() noexcept
{
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    const auto gone = failed(failure::name_lookup_failed, "the resolver has been stopped");
    for (const auto& [name, one] : jobs_) {
        for (const auto& waiter : one->waiters)
            io::asio::post(waiter->timer.get_executor(), tell{waiter, gone});
        one->waiters.clear();
    }
    jobs_.clear();
    queue_.clear();
    shares_.clear();
    waiting_ = 0;
    job_or_stop_.notify_all();
}

resolver::counters lookup_pool::count() const
{
    const std::lock_guard lock(mutex_);
    return {
        .workers = workers_,
        .running = running_,
        .queued = queue_.size(),
        .cached = cache_.size(),
        .waiting = waiting_,
    };
}

/// Wakes a worker for the queue's last job, or starts one. False if there is no thread at all.
bool lookup_pool::ensure_worker()
{
    job_or_stop_.notify_one();
    // Idle workers that were woken but did not run yet are still counted in both: one for each
    // queued job.
    if (queue_.size() <= idle_ || workers_ >= settings_.workers_max)
        return true;
    try {
        std::thread(&lookup_pool::work, shared_from_this()).detach();
    } catch (const std::system_error&) {
        return workers_ > 0;  // those that are there will come round to it
    }
    ++workers_;
    return true;
}

bool lookup_pool::may_run(const job& one) const
{
    const auto found = shares_.find(one.principal);
    return found == shares_.end() || found->second.running < settings_.workers_per_principal_max;
}

std::shared_ptr<lookup_pool::job> lookup_pool::take_job()
{
    const auto next = std::find_if(queue_.begin(), queue_.end(), [this](const auto& one) {
        return may_run(*one);
    });
    if (next == queue_.end())
        return nullptr;
    auto taken = *next;
    queue_.erase(next);
    taken->running = true;
    ++shares_[taken->principal].running;
    ++running_;
    return taken;
}

/// False if this worker is to go: stopped, or spare for too long.
bool lookup_pool::wait_for_job(std::unique_lock<std::mutex>& lock)
{
    ++idle_;
    const bool woken = job_or_stop_.wait_for(lock, settings_.worker_idle_max, [this] {
        return stopped_ || std::any_of(queue_.begin(), queue_.end(), [this](const auto& one) {
                   return may_run(*one);
               });
    });
    --idle_;
    return !stopped_ && (woken || workers_ <= settings_.idle_workers_max);
}

void lookup_pool::work(std::shared_ptr<lookup_pool> self) noexcept
{
    prepare_this_thread();
    std::unique_lock lock(self->mutex_);
    for (;;) {
        const auto taken = self->stopped_ ? nullptr : self->take_job();
        if (!taken) {
            if (self->wait_for_job(lock))
                continue;
            break;
        }
        lock.unlock();
        lookup_result result;
        try {
            result = self->settings_.lookup(taken->name);
        } catch (const std::exception& e) {
            result = failed(failure::name_lookup_failed, e.what());
        }
        lock.lock();
        self->finish(taken, result);
    }
    --self->workers_;
}

void lookup_pool::finish(const std::shared_ptr<job>& done, const lookup_result& result)
{
    --running_;
    if (stopped_)
        return;
    --shares_[done->principal].running;
    release_share(done->principal);
    const auto now = settings_.now();
    if (result.code == failure::none)
        cache_.store(done->name, result, now + settings_.positive_ttl);
    else if (result.code == failure::name_not_found)
        cache_.store(done->name, result, now + settings_.negative_ttl);

    for (const auto& waiter : done->waiters) {
        --waiting_;
        --shares_[waiter->principal].waiting;
        release_share(waiter->principal);
        io::asio::post(waiter->timer.get_executor(), tell{waiter, result});
    }
    done->waiters.clear();
    jobs_.erase(done->name);
}

void lookup_pool::release_share(const std::string& principal) noexcept
{
    const auto found = shares_.find(principal);
    if (found != shares_.end() && found->second.waiting == 0 && found->second.running == 0)
        shares_.erase(found);
}

}  // namespace penstock::net
