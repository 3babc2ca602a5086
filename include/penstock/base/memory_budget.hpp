#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace penstock {

/// What all streams of the process may hold together: one for the process, leased to its threads in
/// chunks, so that a chunk of data costs no atomic.
class memory_budget {
public:
    explicit memory_budget(std::size_t limit_bytes) noexcept : limit_bytes_(limit_bytes) {}

    [[nodiscard]] std::size_t limit_bytes() const noexcept { return limit_bytes_; }
    [[nodiscard]] std::size_t used_bytes() const noexcept
    {
        return used_bytes_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::size_t receiving_streams() const noexcept
    {
        return receiving_streams_.load(std::memory_order_relaxed);
    }

private:
    friend class budget_lease;
    std::size_t limit_bytes_;
    std::atomic<std::size_t> used_bytes_{0};
    std::atomic<std::size_t> receiving_streams_{0};
};

/// One thread's part of the budget. Taking may exceed the limit: what the peer was granted must be
/// held when it comes; the limit acts on what is granted (PROTOCOL.md, memory).
class budget_lease {
public:
    static constexpr std::size_t chunk_bytes = 1024 * 1024;

    explicit budget_lease(memory_budget& whole) noexcept : whole_(whole) {}
    ~budget_lease() { whole_.used_bytes_.fetch_sub(leased_bytes_, std::memory_order_relaxed); }
    budget_lease(const budget_lease&) = delete;
    budget_lease& operator=(const budget_lease&) = delete;

    void take(std::size_t bytes) noexcept
    {
        used_bytes_ += bytes;
        if (used_bytes_ > leased_bytes_)
            lease((used_bytes_ - leased_bytes_ + chunk_bytes - 1) / chunk_bytes * chunk_bytes);
    }
    void give(std::size_t bytes) noexcept
    {
        used_bytes_ -= std::min(bytes, used_bytes_);
        // Two chunks of slack, so that a stream at a chunk's edge does not come back for each of
        // its pieces.
        if (leased_bytes_ - used_bytes_ > 2 * chunk_bytes)
            unlease((leased_bytes_ - used_bytes_) / chunk_bytes * chunk_bytes - chunk_bytes);
    }
    /// `streams` more (or, negative, fewer) share the budget.
    void add_receiving(std::ptrdiff_t streams) noexcept
    {
        whole_.receiving_streams_.fetch_add(
            static_cast<std::size_t>(streams), std::memory_order_relaxed
        );
    }

    [[nodiscard]] const memory_budget& whole() const noexcept { return whole_; }
    [[nodiscard]] std::size_t used_bytes() const noexcept { return used_bytes_; }

private:
    void lease(std::size_t bytes) noexcept
    {
        leased_bytes_ += bytes;
        whole_.used_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    }
    void unlease(std::size_t bytes) noexcept
    {
        leased_bytes_ -= bytes;
        whole_.used_bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    }

    memory_budget& whole_;
    std::size_t used_bytes_ = 0;
    std::size_t leased_bytes_ = 0;
};

}  // namespace penstock
