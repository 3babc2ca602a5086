#pragma once

#include <penstock/base/result.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

namespace penstock {

/// Octets in one piece with a consumed front: append at the back, consume at the front, no
/// per-octet cost. Memory is not initialised and is kept until release(), so that a thread can lend
/// one buffer to many connections.
class flat_buffer {
public:
    flat_buffer() = default;
    flat_buffer(flat_buffer&& other) noexcept
        : data_(std::move(other.data_)), begin_(std::exchange(other.begin_, 0)),
          end_(std::exchange(other.end_, 0)), capacity_(std::exchange(other.capacity_, 0))
    {
    }
    flat_buffer& operator=(flat_buffer&& other) noexcept
    {
        data_ = std::move(other.data_);
        begin_ = std::exchange(other.begin_, 0);
        end_ = std::exchange(other.end_, 0);
        capacity_ = std::exchange(other.capacity_, 0);
        return *this;
    }

    [[nodiscard]] byte_view view() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
    [[nodiscard]] std::size_t size() const noexcept { return end_ - begin_; }
    [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

    /// Room for at least `room_bytes` behind the content; write there, then commit() what was
    /// written.
    [[nodiscard]] mutable_bytes prepare(std::size_t room_bytes)
    {
        if (capacity_ - end_ < room_bytes)
            make_room(room_bytes);
        return {data_.get() + end_, capacity_ - end_};
    }
    void commit(std::size_t written_bytes) noexcept { end_ += written_bytes; }

    void append(byte_view source)
    {
        if (source.empty())
            return;
        std::memcpy(prepare(source.size()).data(), source.data(), source.size());
        commit(source.size());
    }

    void consume(std::size_t consumed_bytes) noexcept
    {
        begin_ += consumed_bytes;
        if (begin_ == end_)
            begin_ = end_ = 0;
    }
    void clear() noexcept { begin_ = end_ = 0; }

    /// Gives the memory back; for buffers that are idle.
    void release() noexcept
    {
        data_.reset();
        begin_ = end_ = capacity_ = 0;
    }

private:
    void make_room(std::size_t room_bytes);

    std::unique_ptr<std::uint8_t[]> data_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace penstock
