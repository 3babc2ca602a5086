#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "event_loop.hpp"
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

/// A connection to the target: dial, SOCKS5 conversation if there is a proxy, request. What then
/// happens on it is up to the classes derived from it.
class client_stream : public watched {
public:
    client_stream(
        event_loop& loop, const options& o, const request& wanted, run_observer& observer
    );

    [[nodiscard]] bool is_open() const noexcept { return state_ == state::open; }
    [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
    [[nodiscard]] std::uint64_t sent() const noexcept { return sent_; }

protected:
    virtual void on_open() = 0;
    virtual void on_readable() = 0;
    virtual void on_writable() {}

    void end(const std::string& why = {});
    /// Octets read into the buffer that all streams share; 0: none now, or the end, see at_eof().
    /// Ends on errors.
    [[nodiscard]] std::size_t read_some();
    [[nodiscard]] byte_view shared_octets(std::size_t count) const noexcept;
    void count_sent(std::uint64_t octets) noexcept { sent_ += octets; }
    [[nodiscard]] bool at_eof() const noexcept { return at_eof_; }
    /// Writes all of something small: the socket is known to have room.
    bool write_small(byte_view octets);
    /// Writes whatever octets until the socket is full or `octets` are out; counts down.
    bool write_filler(std::uint64_t& octets);

private:
    enum class state : std::uint8_t { connecting, method, reply_head, reply_rest, open };

    void on_ready(std::uint32_t events) final;
    void advance();
    [[nodiscard]] bool read_answer();
    void expect(state next, std::size_t octets);
    void send_connect();
    void send_request();

    const options& options_;
    request wanted_;
    run_observer& observer_;
    state state_ = state::connecting;
    std::vector<std::uint8_t> answer_;
    std::size_t answer_octets_ = 0;
    std::uint64_t received_ = 0;
    std::uint64_t sent_ = 0;
    bool at_eof_ = false;
};

}  // namespace bench
