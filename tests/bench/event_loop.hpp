#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace bench {

class event_loop;

/// One descriptor and what is done when it is ready. Owns the descriptor.
class watched {
public:
    watched(event_loop& loop, int fd) : loop_(loop), fd_(fd) {}
    virtual ~watched();
    watched(const watched&) = delete;
    watched& operator=(const watched&) = delete;

    virtual void on_ready(std::uint32_t events) = 0;

protected:
    /// Which of EPOLLIN and EPOLLOUT it waits for.
    void want(std::uint32_t events);
    /// Not called again; deleted after this round of events.
    void retire() noexcept;

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] bool retired() const noexcept { return retired_; }
    [[nodiscard]] event_loop& loop() const noexcept { return loop_; }

private:
    friend class event_loop;
    event_loop& loop_;
    int fd_;
    std::uint32_t wanted_ = 0;
    bool registered_ = false;
    bool retired_ = false;
};

/// Level-triggered epoll on one thread.
class event_loop {
public:
    event_loop();
    ~event_loop();
    event_loop(const event_loop&) = delete;
    event_loop& operator=(const event_loop&) = delete;

    void adopt(std::unique_ptr<watched> one) { all_.push_back(std::move(one)); }
    /// Handles what is ready, or waits for it as long as that.
    void turn(int timeout_ms);

private:
    friend class watched;
    void sweep();

    int epoll_;
    bool any_retired_ = false;
    std::vector<std::unique_ptr<watched>> all_;
};

/// Seconds on the monotonic clock.
[[nodiscard]] double now_s() noexcept;

/// Prints why and exits with status 1.
[[noreturn]] void die(const char* what);

}  // namespace bench
