#include <penstock/io/buffer_pool.hpp>

namespace penstock::io {

lent_buffer& lent_buffer::operator=(lent_buffer&& other) noexcept
{
    if (this != &other) {
        give_back();
        pool_ = other.pool_;
        memory_ = std::move(other.memory_);
    }
    return *this;
}

mutable_bytes lent_buffer::bytes() const noexcept
{
    return {memory_.get(), memory_ ? buffer_pool::buffer_octets : 0};
}

void lent_buffer::give_back() noexcept
{
    // The pool's constructor made room for kept_max, so this does not allocate.
    if (memory_ && pool_->kept_.size() < buffer_pool::kept_max)
        pool_->kept_.push_back(std::move(memory_));
    memory_.reset();
}

buffer_pool::buffer_pool(asio::execution_context& context) : service(context)
{
    kept_.reserve(kept_max);
}

buffer_pool& buffer_pool::of(asio::execution_context& context)
{
    return asio::use_service<buffer_pool>(context);
}

lent_buffer buffer_pool::lend()
{
    if (kept_.empty())
        return {*this, std::make_unique_for_overwrite<std::uint8_t[]>(buffer_octets)};
    auto memory = std::move(kept_.back());
    kept_.pop_back();
    return {*this, std::move(memory)};
}

}  // namespace penstock::io
