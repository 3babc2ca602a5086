#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>

#include <boost/asio/execution_context.hpp>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace penstock::io {

class buffer_pool;

/// Octets on loan from the thread's pool; gives them back when it goes. Not initialised.
/// Lifetime: not past the io_context it was lent on. Executor: stays on that context's thread.
class lent_buffer {
public:
    lent_buffer() = default;
    lent_buffer(lent_buffer&& other) noexcept
        : pool_(other.pool_), memory_(std::move(other.memory_))
    {
    }
    lent_buffer& operator=(lent_buffer&& other) noexcept;
    ~lent_buffer() { give_back(); }

    [[nodiscard]] mutable_bytes bytes() const noexcept;
    explicit operator bool() const noexcept { return memory_ != nullptr; }
    void give_back() noexcept;

private:
    friend class buffer_pool;
    lent_buffer(buffer_pool& pool, std::unique_ptr<std::uint8_t[]> memory)
        : pool_(&pool), memory_(std::move(memory))
    {
    }

    buffer_pool* pool_ = nullptr;
    std::unique_ptr<std::uint8_t[]> memory_;
};

/// One pool for each io_context, so that idle connections own no buffer and busy ones share warm
/// memory.
class buffer_pool final : public asio::execution_context::service {
public:
    using key_type = buffer_pool;

    /// A whole batch of the tunnel fits (MUX.md 5.4 measured 64 KiB and 256 KiB; the pool is
    /// shared, so take the larger).
    static constexpr std::size_t buffer_octets = std::size_t{256} * 1024;
    /// Kept for the next borrower; what is lent beyond that goes back to the allocator.
    static constexpr std::size_t kept_max = 8;

    explicit buffer_pool(asio::execution_context& context);

    /// The pool of `context`; keep the reference, finding it takes a lock.
    [[nodiscard]] static buffer_pool& of(asio::execution_context& context);

    [[nodiscard]] lent_buffer lend();
    [[nodiscard]] std::size_t kept() const noexcept { return kept_.size(); }

private:
    friend class lent_buffer;
    void shutdown() noexcept override {}

    std::vector<std::unique_ptr<std::uint8_t[]>> kept_;
};

}  // namespace penstock::io
