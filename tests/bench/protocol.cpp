#include "protocol.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace bench {
namespace {

constexpr char magic[] = "pbench1\n";
constexpr std::size_t magic_octets = 8;

void store_u64(std::uint8_t* out, std::uint64_t value) noexcept
{
    for (int i = 0; i < 8; ++i)
        out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t load_u64(const std::uint8_t* in) noexcept
{
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i)
        value |= static_cast<std::uint64_t>(in[i]) << (8 * i);
    return value;
}

EVP_MD_CTX* as_context(void* context) noexcept { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

std::array<std::uint8_t, request_octets> encode(const request& r) noexcept
{
    std::array<std::uint8_t, request_octets> message;
    std::memcpy(message.data(), magic, magic_octets);
    message[8] = static_cast<std::uint8_t>(r.what);
    store_u64(&message[9], r.octets);
    store_u64(&message[17], r.seed);
    return message;
}

std::optional<request> decode(std::span<const std::uint8_t, request_octets> message) noexcept
{
    if (std::memcmp(message.data(), magic, magic_octets) != 0 ||
        std::memchr("eskvu", message[8], 5) == nullptr)
        return std::nullopt;
    return request{static_cast<job>(message[8]), load_u64(&message[9]), load_u64(&message[17])};
}

void random_octets::fill(std::span<std::uint8_t> out) noexcept
{
    for (std::size_t at = 0; at < out.size(); at += 8) {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        z ^= z >> 31;
        std::memcpy(&out[at], &z, std::min<std::size_t>(8, out.size() - at));
    }
}

hasher::hasher() : context_(EVP_MD_CTX_new())
{
    EVP_DigestInit_ex(as_context(context_.get()), EVP_sha256(), nullptr);
}

void hasher::free_context::operator()(void* context) const noexcept
{
    EVP_MD_CTX_free(as_context(context));
}

void hasher::add(byte_view octets)
{
    EVP_DigestUpdate(as_context(context_.get()), octets.data(), octets.size());
}

digest hasher::finish()
{
    digest result{};
    EVP_DigestFinal_ex(as_context(context_.get()), result.data(), nullptr);
    return result;
}

bool random_sender::write_some(int fd)
{
    while (!done()) {
        if (begin_ == end_) {
            begin_ = 0;
            end_ = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_.size(), unmade_));
            unmade_ -= end_;
            random_.fill({chunk_.data(), end_});
            hash_.add({chunk_.data(), end_});
        }
        const auto sent = ::send(fd, &chunk_[begin_], end_ - begin_, MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN;
        begin_ += static_cast<std::size_t>(sent);
    }
    return true;
}

}  // namespace bench
