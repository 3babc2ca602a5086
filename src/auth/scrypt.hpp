#pragma once

#include <penstock/auth/secret.hpp>
#include <penstock/auth/user_table.hpp>

#include <openssl/evp.h>

namespace penstock::auth {

/// What a scrypt hash costs (RFC 7914 section 2).
struct scrypt_cost {
    std::uint64_t n = 0, r = 0, p = 0;
};

/// For new hashes: about 10 ms and 4 MiB, since the hash is computed on the thread that relays.
/// Whoever reads the file faces 4096 times the work of a bare hash.
inline constexpr scrypt_cost default_cost{.n = 4096, .r = 8, .p = 1};
/// What a file may ask for: at most 32 MiB and some 100 ms.
inline constexpr scrypt_cost cost_max{.n = 32768, .r = 8, .p = 4};

inline constexpr std::uint64_t scrypt_memory_octets_max = 64 * 1024 * 1024;

/// Throws: users_error without memory.
inline digest scrypt(byte_view salt, std::string_view password, scrypt_cost cost)
{
    digest out{};
    const int ok = EVP_PBE_scrypt(
        password.data(),
        password.size(),
        salt.data(),
        salt.size(),
        cost.n,
        cost.r,
        cost.p,
        scrypt_memory_octets_max,
        out.data(),
        out.size()
    );
    if (ok != 1)
        throw users_error("scrypt failed: out of memory?");
    return out;
}

}  // namespace penstock::auth
