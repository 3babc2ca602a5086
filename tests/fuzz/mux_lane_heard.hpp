#pragma once

#include <penstock/mux/frame_reader.hpp>

#include <deque>

#include "require.hpp"

namespace fuzz {

/// The sequenced frames a peer has heard and not acknowledged: what comes again must be the same.
class heard_frames {
public:
    [[nodiscard]] std::uint64_t count() const { return first_ + frames_.size(); }
    [[nodiscard]] std::uint64_t acknowledged() const { return first_; }

    void acknowledge(std::uint64_t seq)
    {
        for (; first_ < seq; ++first_)
            frames_.pop_front();
        again_ = std::max(again_, first_);
    }
    /// Another link, on which the frames from `seq` on come again.
    void expect_again(std::uint64_t seq)
    {
        acknowledge(seq);
        again_ = seq;
    }

    /// Whether the frame is heard for the first time.
    bool hear(const penstock::mux::frame_view& frame)
    {
        if (again_ == count()) {
            frames_.emplace_back(frame.payload.begin(), frame.payload.end());
            ++again_;
            return true;
        }
        const auto& before = frames_[again_ - first_];
        PENSTOCK_REQUIRE(std::ranges::equal(before, frame.payload));
        ++again_;
        return false;
    }

private:
    std::deque<penstock::octets> frames_;
    std::uint64_t first_ = 0;  ///< the number of the first one that is kept
    std::uint64_t again_ = 0;  ///< the number of the next one that comes
};

}  // namespace fuzz
