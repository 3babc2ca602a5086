#include <penstock/auth/secret.hpp>
#include <penstock/tunnel/thread_resources.hpp>

#include <utility>

namespace penstock::tunnel {
namespace {

/// As many as links that write at the same moment; what is given back beyond that is freed.
constexpr std::size_t outputs_kept_max = 4;

/// A blocked link's output may have grown; memory beyond a batch and its records is not kept.
constexpr std::size_t output_bytes_kept_max = 1024 * 1024;

}  // namespace

thread_resources::thread_resources(
    io::asio::io_context& c, memory_budget& budget, std::uint64_t busy_bytes_per_s
)
    : context(c), buffers(io::buffer_pool::of(c)), lease(budget), traffic(busy_bytes_per_s)
{
}

flat_buffer thread_resources::take_output()
{
    if (outputs_.empty())
        return {};
    auto buffer = std::move(outputs_.back());
    outputs_.pop_back();
    return buffer;
}

void thread_resources::give_output(flat_buffer&& buffer)
{
    if (outputs_.size() >= outputs_kept_max || buffer.capacity() > output_bytes_kept_max) {
        buffer.release();
        return;
    }
    buffer.clear();
    outputs_.push_back(std::move(buffer));
}

ws::mask_key thread_resources::next_mask()
{
    if (masks_used_ == masks_.size()) {
        auth::fill_random({masks_.front().data(), sizeof masks_});
        masks_used_ = 0;
    }
    return masks_[masks_used_++];
}

}  // namespace penstock::tunnel
