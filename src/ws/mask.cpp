#include <penstock/ws/codec.hpp>

#include <array>
#include <cstring>

namespace penstock::ws {

void apply_mask(mutable_bytes payload, mask_key key, std::size_t phase) noexcept
{
    // The key, turned so that it begins at `phase`, twice: a word's XOR is right in any byte order.
    std::array<std::uint8_t, 8> turned{};
    for (std::size_t i = 0; i < turned.size(); ++i)
        turned[i] = key[(phase + i) % key.size()];
    std::uint64_t word = 0;
    std::memcpy(&word, turned.data(), sizeof word);

    auto* at = payload.data();
    auto left = payload.size();

    // Four independent words and no branch: gcc turns the block into vector instructions at -O2.
    constexpr std::size_t block_octets = 4 * sizeof word;
    for (; left >= block_octets; at += block_octets, left -= block_octets) {
        std::uint64_t a = 0, b = 0, c = 0, d = 0;
        std::memcpy(&a, at, sizeof a);
        std::memcpy(&b, at + sizeof word, sizeof b);
        std::memcpy(&c, at + 2 * sizeof word, sizeof c);
        std::memcpy(&d, at + 3 * sizeof word, sizeof d);
        a ^= word;
        b ^= word;
        c ^= word;
        d ^= word;
        std::memcpy(at, &a, sizeof a);
        std::memcpy(at + sizeof word, &b, sizeof b);
        std::memcpy(at + 2 * sizeof word, &c, sizeof c);
        std::memcpy(at + 3 * sizeof word, &d, sizeof d);
    }
    for (std::size_t i = 0; i < left; ++i)
        at[i] = static_cast<std::uint8_t>(at[i] ^ turned[i % turned.size()]);
}

}  // namespace penstock::ws
