#include <penstock/base/flat_buffer.hpp>

#include <algorithm>
#include <utility>

namespace penstock {

void flat_buffer::make_room(std::size_t room_bytes)
{
    const auto held = size();
    if (held + room_bytes <= capacity_) {
        std::memmove(data_.get(), data_.get() + begin_, held);
    } else {
        // Doubling, so that appending stays linear in what is appended.
        const auto grown = std::max(held + room_bytes, 2 * capacity_);
        auto data = std::make_unique_for_overwrite<std::uint8_t[]>(grown);
        if (held > 0)
            std::memcpy(data.get(), data_.get() + begin_, held);
        data_ = std::move(data);
        capacity_ = grown;
    }
    begin_ = 0;
    end_ = held;
}

}  // namespace penstock
