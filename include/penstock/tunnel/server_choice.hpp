#pragma once

#include <penstock/io/asio.hpp>
#include <penstock/tunnel/client_session.hpp>

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

namespace penstock::tunnel {

/// Which of the servers new lanes go to; one for all lanes of a gateway, on their threads. The
/// first in order of preference, until it fails; then the next; and back as soon as a better one
/// answers. A better one that fails soon again is trusted later each time. Locked: used once a
/// link.
class server_choice {
public:
    using time_point = io::clock::time_point;

    /// `servers`: how many, at least one. `look_after`: the wait before a preferred one is tried.
    server_choice(std::size_t servers, std::chrono::milliseconds look_after, std::uint32_t seed);

    /// Called, on any thread, when the choice has changed.
    void add_listener(std::function<void()> changed);

    [[nodiscard]] std::size_t current() const;
    /// A session is with one server.
    [[nodiscard]] client_session& session(std::size_t server) { return sessions_[server]; }
    /// Nothing came of `server`: it is the next one's turn, unless another lane said so already.
    void failed(std::size_t server, time_point now);
    /// A link to `server` is up. One that is preferred to the current is the choice from now on.
    void succeeded(std::size_t server, time_point now);
    /// When to look whether one that is preferred answers again; max() while there is none.
    [[nodiscard]] time_point next_look() const;
    /// That time has come: which one to look at. Given to one caller only.
    [[nodiscard]] std::optional<std::size_t> claim_look(time_point now);

    static constexpr std::chrono::minutes look_after_max{10};
    /// A server that was returned to and fails sooner than this is one that comes and goes.
    static constexpr std::chrono::minutes trusted_after{5};

private:
    void schedule_look(time_point now);
    void notify();

    mutable std::mutex mutex_;
    std::vector<client_session> sessions_;
    std::vector<std::function<void()>> listeners_;
    std::size_t current_ = 0;
    std::size_t look_at_ = 0;
    std::chrono::milliseconds look_after_min_;
    std::chrono::milliseconds look_after_;
    time_point next_look_ = time_point::max();
    time_point returned_at_ = time_point::min();
    std::minstd_rand random_;
};

}  // namespace penstock::tunnel
