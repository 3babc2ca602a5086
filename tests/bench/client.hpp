#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "event_loop.hpp"
#include "handshake.hpp"
#include "options.hpp"
#include "protocol.hpp"

namespace bench {

class client_stream;

/// What a run hears of its streams.
class run_observer {
public:
    virtual ~run_observer() = default;
    virtual void opened(client_stream& stream) = 0;
    /// The stream is done, well or not; `why` is empty if well.
    virtual void ended(client_stream& stream, const std::string& why) = 0;
};

/// A connection to the target: dial, handshake with the proxy if there is one, request. What then
/// happens on it is up to the classes derived from it.
class client_stream : public watched {
public:
    client_stream(
        event_loop& loop, const options& o, const request& wanted, run_observer& observer
    );

    [[nodiscard]] bool is_open() const noexcept { return state_ == state::open; }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }
    /// True if it has received or sent anything since it was asked the last time.
    [[nodiscard]] bool has_moved() noexcept
    {
        return std::exchange(moved_until_, received_ + sent_) != received_ + sent_;
    }
    /// Seconds since connect() was called.
    [[nodiscard]] double age_s() const noexcept { return now_s() - begun_s_; }

    /// So many seconds have passed since the last tick; only with `--rate`.
    virtual void on_tick(double) {}

protected:
    virtual void on_open() = 0;
    virtual void on_readable() = 0;
    virtual void on_writable() {}

    void end(const std::string& why = {});
    /// Octets read into the buffer that all streams share; 0: none now, or the end, see at_eof().
    /// Ends on errors.
    [[nodiscard]] std::size_t read_some(std::uint64_t octets_max = UINT64_MAX);
    [[nodiscard]] byte_view shared_octets(std::size_t count) const noexcept;
    void count_sent(std::uint64_t octets) noexcept { sent_ += octets; }
    [[nodiscard]] bool at_eof() const noexcept { return at_eof_; }
    /// Writes all of something small: the socket is known to have room.
    bool write_small(byte_view octets);
    /// Writes whatever octets, at most `octets`, as far as the socket has room; counts down.
    bool write_filler(std::uint64_t& octets);

private:
    enum class state : std::uint8_t { connecting, handshake, open };

    void on_ready(std::uint32_t events) final;
    void advance();
    [[nodiscard]] bool read_answer();
    void send_request();

    request wanted_;
    run_observer& observer_;
    state state_ = state::connecting;
    std::unique_ptr<bench::handshake> handshake_;  ///< until the stream is open
    double begun_s_ = now_s();
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t moved_until_ = 0;
    bool at_eof_ = false;
};

}  // namespace bench
