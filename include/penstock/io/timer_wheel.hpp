#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace penstock::io {

/// A link of the wheel's lists. Alone it points at itself.
struct wheel_hook {
    wheel_hook* previous = this;
    wheel_hook* next = this;
};

/// Something to be done later, kept inside its owner: arming allocates nothing. The destructor
/// cancels, and after cancel() the function is never called. Call order: construct, arm through a
/// timer_service, expire or cancel.
class wheel_timer : private wheel_hook {
public:
    using on_expiry = void (*)(void* owner) noexcept;

    wheel_timer(on_expiry call, void* owner) noexcept : call_(call), owner_(owner) {}
    ~wheel_timer() { cancel(); }
    wheel_timer(const wheel_timer&) = delete;
    wheel_timer& operator=(const wheel_timer&) = delete;

    [[nodiscard]] bool armed() const noexcept { return wheel_ != nullptr; }
    void cancel() noexcept;

private:
    friend class timer_wheel;

    on_expiry call_;
    void* owner_;
    class timer_wheel* wheel_ = nullptr;
    std::uint64_t due_tick_ = 0;
};

/// A hashed wheel in ticks: arming and cancelling are O(1). Knows no clock; `advance` says how late
/// it is.
class timer_wheel {
public:
    static constexpr std::size_t slot_count =
        512;  ///< 25.6 s a turn at 50 ms; a later timer is passed once a turn

    /// Called when the last timer was cancelled, not when it expired.
    using on_idle = void (*)(void* owner) noexcept;

    explicit timer_wheel(on_idle call = nullptr, void* owner = nullptr) noexcept
        : idle_(call), idle_owner_(owner)
    {
    }
    ~timer_wheel();
    timer_wheel(const timer_wheel&) = delete;
    timer_wheel& operator=(const timer_wheel&) = delete;

    /// A `due_tick` that has passed expires with the next tick. An armed timer is moved. Returns
    /// the tick at which it is due.
    std::uint64_t arm(wheel_timer& timer, std::uint64_t due_tick) noexcept;
    /// Calls what is due up to and including `tick`. The functions may arm and cancel any timer.
    void advance(std::uint64_t tick);

    [[nodiscard]] std::size_t armed() const noexcept { return armed_; }
    /// The next tick at which something may be due; never later than one turn from now. Empty if
    /// nothing is armed.
    [[nodiscard]] std::optional<std::uint64_t> next_tick() const noexcept;

private:
    friend class wheel_timer;
    void unlink(wheel_timer& timer) noexcept;
    void cancel(wheel_timer& timer) noexcept;

    on_idle idle_;
    void* idle_owner_;
    std::array<wheel_hook, slot_count> slots_;
    std::size_t armed_ = 0;
    std::uint64_t tick_ = 0;
};

/// The wheel of one io_context, turned by one steady_timer which runs only while something is
/// armed. Units: times are rounded up to `tick`; never early, at most one tick late.
class timer_service final : public asio::execution_context::service {
public:
    using key_type = timer_service;
    static constexpr std::chrono::milliseconds tick{50};

    explicit timer_service(asio::execution_context& context);

    /// The service of `context`, which must be an io_context; keep the reference, finding it takes
    /// a lock.
    [[nodiscard]] static timer_service& of(asio::execution_context& context);

    /// Executor: on the context's thread only, as is wheel_timer::cancel().
    void arm(wheel_timer& timer, clock::duration after);

private:
    void shutdown() noexcept override;
    void wait_for(std::uint64_t tick);
    void stop_waiting() noexcept;
    [[nodiscard]] std::uint64_t tick_of(clock::time_point time) const noexcept;

    timer_wheel wheel_{
        [](void* self) noexcept { static_cast<timer_service*>(self)->stop_waiting(); }, this
    };
    std::optional<asio::steady_timer> timer_;
    std::optional<std::uint64_t> waiting_for_;
    clock::time_point start_ = clock::now();
};

}  // namespace penstock::io
