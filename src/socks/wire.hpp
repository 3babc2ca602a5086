#pragma once

#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

// Numbers and readers that both sides of the protocol share.
namespace penstock::socks {

namespace ip = boost::asio::ip;

inline constexpr std::uint8_t version_5 = 5;
inline constexpr std::uint8_t version_4 = 4;
inline constexpr std::uint8_t credentials_version = 1;  // RFC 1929 section 2: not 5

inline constexpr std::uint8_t method_none = 0x00;
inline constexpr std::uint8_t method_password = 0x02;
inline constexpr std::uint8_t method_refused = 0xff;

inline constexpr std::uint8_t command_connect = 1;

inline constexpr std::uint8_t address_v4 = 1;
inline constexpr std::uint8_t address_name = 3;
inline constexpr std::uint8_t address_v6 = 4;

[[nodiscard]] inline std::string_view text(byte_view view) noexcept
{
    return {reinterpret_cast<const char*>(view.data()), view.size()};
}

[[nodiscard]] inline std::uint16_t port_at(byte_view view, std::size_t at) noexcept
{
    return static_cast<std::uint16_t>(view[at] << 8 | view[at + 1]);
}

template <class Address>
[[nodiscard]] ip_address address_at(byte_view view, std::size_t at) noexcept
{
    typename Address::bytes_type bytes;
    std::copy_n(view.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), bytes.begin());
    return Address(bytes);
}

}  // namespace penstock::socks
