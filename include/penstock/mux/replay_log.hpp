#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/base/memory_budget.hpp>
#include <penstock/mux/frame.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

namespace penstock::mux {

/// Sequenced frames that were sent and not acknowledged, in their order: what a resume sends again
/// (PROTOCOL.md, resume). Holds exactly the octets that went out, in blocks that are used again, so
/// that a frame costs one copy and no allocation.
///
/// Lifetime: the lease must outlive the log.
class replay_log {
public:
    static constexpr std::size_t block_bytes = 64 * 1024;
    /// Emptied blocks that are kept for the next frames while the lane is busy.
    static constexpr std::size_t spare_blocks_max = 16;

    explicit replay_log(budget_lease& budget) noexcept : budget_(budget) {}
    ~replay_log() { clear(); }
    replay_log(const replay_log&) = delete;
    replay_log& operator=(const replay_log&) = delete;

    /// One whole frame, header first. Not while frames are left to send again: nothing new goes
    /// before them.
    void append(byte_view frame);
    /// The peer has everything below `seq`, which is at most next_seq().
    void drop_below(std::uint64_t seq) noexcept;

    /// Sends again from the first frame on.
    void rewind() noexcept;
    /// Whether frames are left to send again.
    [[nodiscard]] bool replaying() const noexcept { return replay_ < end_; }
    /// Appends whole frames that are to be sent again: at least one, then no more than fit
    /// `bytes_max`.
    void poll_replay(flat_buffer& out, std::size_t bytes_max);

    void clear() noexcept;
    /// Gives spare blocks back; for lanes that are quiet.
    void trim() noexcept;

    [[nodiscard]] std::uint64_t first_seq() const noexcept { return first_seq_; }
    [[nodiscard]] std::uint64_t next_seq() const noexcept { return next_seq_; }
    [[nodiscard]] std::size_t size_bytes() const noexcept { return end_ - begin_; }

private:
    using block = std::unique_ptr<std::uint8_t[]>;

    // Places count octets from the lane's beginning; the first block holds begin_, if there is one.
    void store(byte_view octets);
    void load(std::uint64_t place, mutable_bytes into) const noexcept;
    [[nodiscard]] std::size_t frame_bytes_at(std::uint64_t place) const noexcept;
    void add_block();
    void drop_block() noexcept;

    budget_lease& budget_;
    std::deque<block> blocks_;
    std::vector<block> spare_;
    std::uint64_t first_place_ = 0;  ///< of the first block
    std::uint64_t begin_ = 0;
    std::uint64_t end_ = 0;
    std::uint64_t replay_ = 0;  ///< what is sent next if it is below end_
    std::uint64_t first_seq_ = 0;
    std::uint64_t next_seq_ = 0;
};

}  // namespace penstock::mux
