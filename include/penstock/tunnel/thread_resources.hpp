#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/base/memory_budget.hpp>
#include <penstock/io/buffer_pool.hpp>
#include <penstock/tunnel/settings.hpp>
#include <penstock/tunnel/traffic_meter.hpp>
#include <penstock/ws/codec.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace penstock::tunnel {

/// What the links of one thread share: idle links and streams own no buffer, busy ones work in the
/// same warm memory. Lifetime: outlives every driver of its thread. Executor: that thread only.
class thread_resources {
public:
    thread_resources(
        io::asio::io_context& context,
        memory_budget& budget,
        std::uint64_t busy_bytes_per_s = settings{}.busy_bytes_per_s
    );
    thread_resources(const thread_resources&) = delete;
    thread_resources& operator=(const thread_resources&) = delete;

    io::asio::io_context& context;
    io::buffer_pool& buffers;
    budget_lease lease;
    traffic_meter traffic;  ///< of all links of the thread
    flat_buffer staging;    ///< plaintext of the batch that is being built; empty between calls

    /// Output of a link that has something to write; give it back when all is written.
    [[nodiscard]] flat_buffer take_output();
    void give_output(flat_buffer&& buffer);

    /// Fresh and unpredictable for each frame (RFC 6455 section 5.3), from OpenSSL's generator, 256
    /// keys at a time.
    [[nodiscard]] ws::mask_key next_mask();

private:
    std::vector<flat_buffer> outputs_;
    std::array<ws::mask_key, 256> masks_;
    std::size_t masks_used_ = masks_.size();
};

}  // namespace penstock::tunnel
