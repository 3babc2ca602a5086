#include <penstock/io/deadline.hpp>

#include <boost/asio/this_coro.hpp>

namespace penstock::io {

deadline_guard::deadline_guard(
    asio::execution_context& context, clock::duration after, std::function<void()> at_deadline
)
    : service_(timer_service::of(context)), at_deadline_(std::move(at_deadline)),
      timer_(
          [](void* self) noexcept {
              auto& guard = *static_cast<deadline_guard*>(self);
              guard.expired_ = true;
              guard.at_deadline_();
          },
          this
      )
{
    service_.arm(timer_, after);
}

void deadline_guard::extend(clock::duration after)
{
    if (!expired_)
        service_.arm(timer_, after);
}

asio::awaitable<void> pause(clock::duration after)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    timer.expires_after(after);
    co_await timer.async_wait(as_result);
}

}  // namespace penstock::io
