#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "options.hpp"
#include "protocol.hpp"

namespace bench {

/// What is said to a proxy, and what it answers, before a stream is open. No I/O.
///
/// Order of calls: poll_output() once connected, then handle() and poll_output() for whatever
/// comes, until done() or a problem().
class handshake {
public:
    handshake(proxy_kind kind, const std::string& target);

    /// Octets to send now; empty: none. Taken once.
    [[nodiscard]] std::vector<std::uint8_t> poll_output();
    void handle(byte_view octets);

    [[nodiscard]] bool done() const noexcept { return step_ == step::done; }
    /// Why there will be no stream; empty if nothing is wrong.
    [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

private:
    enum class step : std::uint8_t { method, reply, http_response, done };

    void handle_method();
    void handle_reply();
    void handle_http_response();
    void finish(std::size_t answer_octets);

    std::string target_;
    step step_;
    std::vector<std::uint8_t> output_;
    std::vector<std::uint8_t> answer_;
    std::string problem_;
};

}  // namespace bench
