#include <penstock/tunnel/server_choice.hpp>

#include <boost/assert.hpp>

#include <algorithm>

namespace penstock::tunnel {

server_choice::server_choice(
    std::size_t servers, std::chrono::milliseconds look_after, std::uint32_t seed
)
    : sessions_(servers), look_after_min_(look_after), look_after_(look_after), random_(seed)
{
    BOOST_ASSERT(servers > 0);
}

void server_choice::add_listener(std::function<void()> changed)
{
    const std::lock_guard lock(mutex_);
    listeners_.push_back(std::move(changed));
}

std::size_t server_choice::current() const
{
    const std::lock_guard lock(mutex_);
    return current_;
}

void server_choice::failed(std::size_t server, time_point now)
{
    {
        const std::lock_guard lock(mutex_);
        if (server != current_ || sessions_.size() == 1)
            return;
        const bool came_and_went = returned_at_ > now - trusted_after;
        look_after_ = came_and_went
                          ? std::min<std::chrono::milliseconds>(2 * look_after_, look_after_max)
                          : look_after_min_;
        returned_at_ = time_point::min();
        current_ = (current_ + 1) % sessions_.size();
        schedule_look(now);
    }
    notify();
}

void server_choice::succeeded(std::size_t server, time_point now)
{
    {
        const std::lock_guard lock(mutex_);
        if (server >= current_)
            return;
        current_ = server;
        returned_at_ = now;
        schedule_look(now);
    }
    notify();
}

server_choice::time_point server_choice::next_look() const
{
    const std::lock_guard lock(mutex_);
    return next_look_;
}

std::optional<std::size_t> server_choice::claim_look(time_point now)
{
    const std::lock_guard lock(mutex_);
    if (now < next_look_)
        return std::nullopt;
    schedule_look(now);
    return look_at_++ % current_;
}

/// Between half and one and a half of the wait: the gateways of a server that is back do not come
/// in step.
void server_choice::schedule_look(time_point now)
{
    if (current_ == 0) {
        next_look_ = time_point::max();
        look_at_ = 0;
        return;
    }
    std::uniform_int_distribution<std::chrono::milliseconds::rep> jitter(0, look_after_.count());
    next_look_ = now + look_after_ / 2 + std::chrono::milliseconds(jitter(random_));
}

/// Outside the lock: a listener may come straight back.
void server_choice::notify()
{
    std::vector<std::function<void()>> listeners;
    {
        const std::lock_guard lock(mutex_);
        listeners = listeners_;
    }
    for (const auto& changed : listeners)
        changed();
}

}  // namespace penstock::tunnel
