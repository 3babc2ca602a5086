#include <penstock/routing/policy.hpp>

#include <array>

#include "bits.hpp"

namespace penstock::routing {
namespace {

namespace ip = boost::asio::ip;

guard guard_of_v4(ip::address_v4 address) noexcept
{
    const auto bytes = address.to_bytes();
    switch (address.to_uint()) {
    case 0xa9fea9fe:  // 169.254.169.254, most clouds
    case 0x646464c8:  // 100.100.100.200, Alibaba Cloud
    case 0xc00000c0:  // 192.0.0.192, Oracle Cloud
    case 0xa83f8110:  // 168.63.129.16, Azure
        return guard::metadata;
    case 0xffffffff:
        return guard::broadcast;
    default:
        break;
    }
    if (bytes[0] == 0)
        return guard::unspecified;
    if (bytes[0] == 127)
        return guard::loopback;
    if (bytes[0] == 169 && bytes[1] == 254)
        return guard::link_local;
    if (address.is_multicast())
        return guard::multicast;
    return guard::none;
}

guard guard_of_v6(const ip::address_v6& address) noexcept
{
    // fd00:ec2::254, Amazon
    constexpr ip::address_v6::bytes_type amazon{
        0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54
    };
    if (address.to_bytes() == amazon)
        return guard::metadata;
    if (address.is_unspecified())
        return guard::unspecified;
    if (address.is_loopback())
        return guard::loopback;
    if (address.is_link_local())
        return guard::link_local;
    if (address.is_multicast())
        return guard::multicast;
    return guard::none;
}

}  // namespace

guard guard_of(const ip_address& address) noexcept
{
    const auto plain = unmapped(address);
    return plain.is_v4() ? guard_of_v4(plain.to_v4()) : guard_of_v6(plain.to_v6());
}

std::optional<ip_address> embedded_v4(const ip_address& address) noexcept
{
    if (!address.is_v6() || address.to_v6().is_v4_mapped())
        return std::nullopt;
    const auto v6 = address.to_v6();
    const auto b = v6.to_bytes();
    const auto v4_at = [&b](std::size_t i) {
        return ip::address_v4({b[i], b[i + 1], b[i + 2], b[i + 3]});
    };

    if (b[0] == 0x20 && b[1] == 0x02)
        return v4_at(2);
    constexpr std::array<unsigned char, 4> nat64{0x00, 0x64, 0xff, 0x9b};
    if (std::equal(nat64.begin(), nat64.end(), b.begin())) {
        const bool well_known = masked(address, 32) == masked(address, 96);
        const bool local_use = b[4] == 0 && b[5] == 1;
        if (well_known || local_use)
            return v4_at(12);
    }
    const bool compatible =
        masked(address, 96).is_unspecified() && !v6.is_unspecified() && !v6.is_loopback();
    return compatible ? std::optional<ip_address>(v4_at(12)) : std::nullopt;
}

}  // namespace penstock::routing
