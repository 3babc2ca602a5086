#include <penstock/mux/replay_log.hpp>

#include <boost/assert.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace penstock::mux {

void replay_log::append(byte_view frame)
{
    BOOST_ASSERT(!replaying());
    store(frame);
    replay_ = end_;
    ++next_seq_;
}

void replay_log::store(byte_view octets)
{
    while (!octets.empty()) {
        const auto at = static_cast<std::size_t>(end_ - first_place_) % block_bytes;
        if (end_ - first_place_ == blocks_.size() * block_bytes)
            add_block();
        const auto part = octets.first(std::min(octets.size(), block_bytes - at));
        std::memcpy(blocks_.back().get() + at, part.data(), part.size());
        end_ += part.size();
        octets = octets.subspan(part.size());
    }
}

void replay_log::load(std::uint64_t place, mutable_bytes into) const noexcept
{
    auto offset = static_cast<std::size_t>(place - first_place_);
    while (!into.empty()) {
        const auto at = offset % block_bytes;
        const auto part = std::min(into.size(), block_bytes - at);
        std::memcpy(into.data(), blocks_[offset / block_bytes].get() + at, part);
        offset += part;
        into = into.subspan(part);
    }
}

std::size_t replay_log::frame_bytes_at(std::uint64_t place) const noexcept
{
    std::array<std::uint8_t, frame_header_bytes> header{};
    load(place, header);
    return frame_header_bytes + decode_header(header).payload_bytes;
}

void replay_log::drop_below(std::uint64_t seq) noexcept
{
    BOOST_ASSERT(seq <= next_seq_);
    while (first_seq_ < seq) {
        begin_ += frame_bytes_at(begin_);
        ++first_seq_;
    }
    replay_ = std::max(replay_, begin_);
    while (!blocks_.empty() && begin_ - first_place_ >= block_bytes)
        drop_block();
    if (begin_ == end_ && !blocks_.empty())
        drop_block();
}

void replay_log::rewind() noexcept { replay_ = begin_; }

void replay_log::poll_replay(flat_buffer& out, std::size_t bytes_max)
{
    for (bool first = true; replaying(); first = false) {
        const auto bytes = frame_bytes_at(replay_);
        if (!first && bytes > bytes_max)
            return;
        load(replay_, out.prepare(bytes).first(bytes));
        out.commit(bytes);
        bytes_max -= std::min(bytes, bytes_max);
        replay_ += bytes;
    }
}

void replay_log::add_block()
{
    spare_.reserve(spare_blocks_max);
    if (spare_.empty()) {
        blocks_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(block_bytes));
        budget_.take(block_bytes);
        return;
    }
    blocks_.push_back(std::move(spare_.back()));
    spare_.pop_back();
}

void replay_log::drop_block() noexcept
{
    auto emptied = std::move(blocks_.front());
    blocks_.pop_front();
    first_place_ = blocks_.empty() ? end_ : first_place_ + block_bytes;
    if (spare_.size() < spare_blocks_max)
        spare_.push_back(std::move(emptied));
    else
        budget_.give(block_bytes);
}

void replay_log::clear() noexcept
{
    budget_.give(blocks_.size() * block_bytes);
    blocks_.clear();
    begin_ = first_place_ = replay_ = end_;
    first_seq_ = next_seq_;
    trim();
}

void replay_log::trim() noexcept
{
    budget_.give(spare_.size() * block_bytes);
    spare_.clear();
    spare_.shrink_to_fit();
}

}  // namespace penstock::mux
