#include <penstock/net/local_addresses.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>

#include <cstring>
#include <ifaddrs.h>
#include <memory>
#include <netinet/in.h>

namespace penstock::net {

std::vector<ip_address> local_addresses()
{
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return {};
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owned(first, &::freeifaddrs);

    std::vector<ip_address> found;
    for (const auto* item = first; item != nullptr; item = item->ifa_next) {
        if (item->ifa_addr == nullptr)
            continue;
        if (item->ifa_addr->sa_family == AF_INET) {
            sockaddr_in address{};
            std::memcpy(&address, item->ifa_addr, sizeof address);
            found.emplace_back(boost::asio::ip::address_v4(ntohl(address.sin_addr.s_addr)));
        } else if (item->ifa_addr->sa_family == AF_INET6) {
            sockaddr_in6 address{};
            std::memcpy(&address, item->ifa_addr, sizeof address);
            boost::asio::ip::address_v6::bytes_type bytes{};
            std::memcpy(bytes.data(), &address.sin6_addr, bytes.size());
            found.emplace_back(boost::asio::ip::address_v6(bytes));
        }
    }
    return found;
}

}  // namespace penstock::net
