#pragma once

#include <penstock/io/asio.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace penstock::io {

/// N threads with an io_context(1) each, named "penstock/0" and so on. A connection lives and dies
/// on one of them; crossing over means `asio::post(threads.context(i), ...)` of a value.
///
/// Order of calls: construct, build the objects that live on the contexts, start(), stop() from any
/// thread, join(). The contexts live as long as the set: destroying it destroys what is still
/// suspended on them.
class thread_set {
public:
    /// Told of an exception that escaped a handler; the thread then goes on with its other
    /// connections.
    using exception_handler = std::function<void(std::exception_ptr)>;

    /// Throws: nothing but bad_alloc. A `count` of 0 is taken as 1.
    explicit thread_set(unsigned count, exception_handler on_exception = {});
    ~thread_set();
    thread_set(const thread_set&) = delete;
    thread_set& operator=(const thread_set&) = delete;

    [[nodiscard]] std::size_t size() const noexcept;
    [[nodiscard]] asio::io_context& context(std::size_t index) noexcept;

    /// Starts the threads; they run until stop(), with or without work. Throws: std::system_error.
    void start();
    /// Makes every thread return after the handler it is in. May be called from any thread, also
    /// from a handler.
    void stop() noexcept;
    /// Waits for all threads. Not from one of them.
    void join() noexcept;

    /// Which thread of its set the caller is on; empty on any other thread.
    [[nodiscard]] static std::optional<std::size_t> current() noexcept;

private:
    struct worker;
    std::vector<std::unique_ptr<worker>> workers_;
    exception_handler on_exception_;
};

}  // namespace penstock::io
