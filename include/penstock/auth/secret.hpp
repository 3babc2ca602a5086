#pragma once

#include <penstock/base/result.hpp>

#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

namespace penstock::auth {

inline constexpr std::size_t digest_octets = 32;  ///< SHA-256
using digest = std::array<std::uint8_t, digest_octets>;

/// HMAC-SHA256 (RFC 2104) over the concatenation of `parts`. The caller makes the concatenation
/// unambiguous: parts of fixed width, or only the last one of variable length.
[[nodiscard]] digest hmac_sha256(byte_view key, std::initializer_list<byte_view> parts);

/// SHA-256 over the concatenation of `parts`.
[[nodiscard]] digest sha256(std::initializer_list<byte_view> parts);

/// Whether both hold the same octets, in a time that depends on their lengths only.
[[nodiscard]] bool constant_time_equal(byte_view left, byte_view right) noexcept;
[[nodiscard]] bool constant_time_equal(std::string_view left, std::string_view right) noexcept;

/// Fills `out` from the operating system's generator. Throws: std::runtime_error if there is no
/// entropy.
void fill_random(mutable_bytes out);

/// The octets of a text, for the functions above.
[[nodiscard]] inline byte_view as_octets(std::string_view text) noexcept
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// RFC 4648 section 5, without padding.
[[nodiscard]] std::string to_base64url(byte_view in);

/// The octets of unpadded base64url. Errors: std::errc::invalid_argument for any other text.
[[nodiscard]] result<octets> from_base64url(std::string_view text);

}  // namespace penstock::auth
