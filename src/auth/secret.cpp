#include <penstock/auth/secret.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>
#include <stdexcept>

namespace penstock::auth {
namespace {

struct release {
    void operator()(EVP_MD_CTX* p) const noexcept { EVP_MD_CTX_free(p); }
};

constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::size_t block_octets = 64;  ///< of SHA-256

/// OpenSSL fails here only without memory, or where a policy has SHA-256 switched off.
void require(int ok)
{
    if (ok != 1)
        throw std::runtime_error("OpenSSL offers no SHA-256");
}

}  // namespace

digest sha256(std::initializer_list<byte_view> parts)
{
    const std::unique_ptr<EVP_MD_CTX, release> context(EVP_MD_CTX_new());
    digest out{};
    require(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr));
    for (const auto part : parts)
        require(EVP_DigestUpdate(context.get(), part.data(), part.size()));
    require(EVP_DigestFinal_ex(context.get(), out.data(), nullptr));
    return out;
}

digest hmac_sha256(byte_view key, std::initializer_list<byte_view> parts)
{
    digest hashed_key{};
    if (key.size() > block_octets) {
        hashed_key = sha256({key});
        key = hashed_key;
    }
    std::array<std::uint8_t, block_octets> inner_pad{};
    std::array<std::uint8_t, block_octets> outer_pad{};
    for (std::size_t i = 0; i < block_octets; ++i) {
        const unsigned octet = i < key.size() ? key[i] : 0U;
        inner_pad[i] = static_cast<std::uint8_t>(octet ^ 0x36U);
        outer_pad[i] = static_cast<std::uint8_t>(octet ^ 0x5cU);
    }

    const std::unique_ptr<EVP_MD_CTX, release> context(EVP_MD_CTX_new());
    digest inner{};
    require(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr));
    require(EVP_DigestUpdate(context.get(), inner_pad.data(), inner_pad.size()));
    for (const auto part : parts)
        require(EVP_DigestUpdate(context.get(), part.data(), part.size()));
    require(EVP_DigestFinal_ex(context.get(), inner.data(), nullptr));

    const auto out = sha256({outer_pad, inner});
    OPENSSL_cleanse(inner_pad.data(), inner_pad.size());
    OPENSSL_cleanse(outer_pad.data(), outer_pad.size());
    return out;
}

bool constant_time_equal(byte_view left, byte_view right) noexcept
{
    return left.size() == right.size() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool constant_time_equal(std::string_view left, std::string_view right) noexcept
{
    return constant_time_equal(as_octets(left), as_octets(right));
}

void fill_random(mutable_bytes out)
{
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1)
        throw std::runtime_error("the system's random generator does not answer");
}

std::string to_base64url(byte_view in)
{
    std::string out;
    out.reserve((in.size() * 4 + 2) / 3);
    std::uint32_t bits = 0;
    unsigned bit_count = 0;
    for (const auto octet : in) {
        bits = (bits << 8 | octet) & 0xffffU;
        bit_count += 8;
        while (bit_count >= 6) {
            bit_count -= 6;
            out += alphabet[bits >> bit_count & 63U];
        }
    }
    if (bit_count > 0)
        out += alphabet[bits << (6 - bit_count) & 63U];
    return out;
}

result<octets> from_base64url(std::string_view text)
{
    const error_code invalid = make_error_code(boost::system::errc::invalid_argument);
    octets out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned bit_count = 0;
    for (const char c : text) {
        const auto value = alphabet.find(c);
        if (value == std::string_view::npos)
            return invalid;
        bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffU;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            out.push_back(static_cast<std::uint8_t>(bits >> bit_count & 0xffU));
        }
    }
    // One letter over holds no octet; bits behind the last octet must be 0, so that each text has
    // one meaning.
    if (bit_count == 6 || (bits & ((1U << bit_count) - 1U)) != 0)
        return invalid;
    return out;
}

}  // namespace penstock::auth
