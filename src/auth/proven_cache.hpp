#pragma once

#include <penstock/auth/secret.hpp>
#include <penstock/auth/user_table.hpp>

#include <boost/endian/conversion.hpp>

#include <array>
#include <atomic>

namespace penstock::auth {

/// Remembers which credentials proved right, so that the hundredth request of a browser does not
/// pay for scrypt again.
///
/// A direct-mapped table of tags: 64 bits of a hash keyed by this object's random key. To be let in
/// by accident somebody would have to guess 2^64 times against an occupied slot. Slots are single
/// atomics, hence no lock, and the newest wins.
class user_table::proven_cache {
public:
    proven_cache() { fill_random(key_); }

    struct entry {
        std::size_t slot;
        std::uint64_t tag;
    };

    [[nodiscard]] entry locate(std::string_view user, std::string_view password) const
    {
        // The user's length first, so that ("ab", "c") is not ("a", "bc").
        std::array<std::uint8_t, 8> user_octets{};
        boost::endian::store_big_u64(user_octets.data(), user.size());
        const auto hash = hmac_sha256(key_, {user_octets, as_octets(user), as_octets(password)});
        const auto tag = boost::endian::load_big_u64(hash.data());
        return {boost::endian::load_big_u64(&hash[8]) % slots_.size(), tag == 0 ? 1 : tag};
    }

    [[nodiscard]] bool holds(entry e) const noexcept
    {
        return slots_[e.slot].load(std::memory_order_relaxed) == e.tag;
    }
    void keep(entry e) noexcept { slots_[e.slot].store(e.tag, std::memory_order_relaxed); }

private:
    static constexpr std::size_t slots =
        1024;  ///< 8 KiB; more users than a local proxy has at one time

    digest key_{};
    std::array<std::atomic<std::uint64_t>, slots> slots_{};  ///< 0: empty
};

}  // namespace penstock::auth
