#pragma once

#include <cstdint>
#include <optional>
#include <sys/epoll.h>
#include <vector>

#include "event_loop.hpp"
#include "protocol.hpp"

namespace bench {

/// What all connections of a target have moved.
struct totals {
    std::uint64_t received = 0, sent = 0;
};

/// One connection of the target: its request, then the job.
class service final : public watched {
public:
    service(event_loop& l, int fd, totals& t) : watched(l, fd), totals_(t) { want(EPOLLIN); }

private:
    void on_ready(std::uint32_t events) override;
    void read_request();
    void start();
    void readable();
    void writable();
    void write_source();
    void take(byte_view octets);
    [[nodiscard]] bool write_answer();
    [[nodiscard]] bool is_source() const noexcept
    {
        return request_->what == job::source || request_->what == job::unread;
    }

    totals& totals_;
    std::vector<std::uint8_t> head_;
    std::optional<request> request_;
    std::uint64_t left_ = 0;  ///< source: still to send
    std::uint64_t received_ = 0;
    std::vector<std::uint8_t> answer_;  ///< to be written as it is
    std::optional<random_sender> random_;
    std::optional<hasher> received_hash_;
    bool read_all_ = false;
};

}  // namespace bench
