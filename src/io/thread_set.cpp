#include <penstock/io/thread_set.hpp>

#include <boost/asio/executor_work_guard.hpp>

#include <algorithm>
#include <pthread.h>
#include <string>
#include <thread>
#include <utility>

namespace penstock::io {
namespace {

thread_local std::optional<std::size_t> current_index;

void name_this_thread(std::size_t index) noexcept
{
    // 15 characters and the terminator are the kernel's limit.
    const auto name = "penstock/" + std::to_string(index % 100'000);
    pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace

struct thread_set::worker {
    using work_guard = asio::executor_work_guard<asio::io_context::executor_type>;

    asio::io_context context{1};
    work_guard work = asio::make_work_guard(context);
    std::thread thread;
};

thread_set::thread_set(unsigned count, exception_handler on_exception)
    : on_exception_(std::move(on_exception))
{
    for (unsigned i = 0; i < std::max(count, 1u); ++i)
        workers_.push_back(std::make_unique<worker>());
}

thread_set::~thread_set()
{
    stop();
    join();
}

std::size_t thread_set::size() const noexcept { return workers_.size(); }

asio::io_context& thread_set::context(std::size_t index) noexcept
{
    return workers_[index]->context;
}

void thread_set::start()
{
    for (std::size_t index = 0; index < workers_.size(); ++index) {
        auto& one = *workers_[index];
        one.thread = std::thread([this, index, &context = one.context] {
            current_index = index;
            name_this_thread(index);
            for (;;) {
                try {
                    context.run();
                    return;
                } catch (...) {
                    if (!on_exception_)
                        throw;
                    on_exception_(std::current_exception());
                }
            }
        });
    }
}

void thread_set::stop() noexcept
{
    for (auto& one : workers_)
        one->context.stop();
}

void thread_set::join() noexcept
{
    for (auto& one : workers_) {
        if (one->thread.joinable())
            one->thread.join();
    }
}

std::optional<std::size_t> thread_set::current() noexcept { return current_index; }

}  // namespace penstock::io
