#include <penstock/net/resolver.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

namespace penstock::net {
namespace {

lookup_result failed(failure code, std::string why)
{
    lookup_result outcome;
    outcome.code = code;
    outcome.detail = std::move(why);
    return outcome;
}

lookup_result to_result(int error, int system_error)
{
    switch (error) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return failed(failure::name_not_found, "the name does not exist");
    case EAI_AGAIN:
        return failed(failure::name_lookup_failed, "the name servers do not answer");
    case EAI_MEMORY:
        return failed(failure::overloaded, "no memory to look up the name");
    case EAI_SYSTEM:
        return failed(
            failure::name_lookup_failed,
            error_code(system_error, boost::system::system_category()).message()
        );
    default:
        return failed(failure::name_lookup_failed, ::gai_strerror(error));
    }
}

/// Link-local addresses keep their zone, without which they cannot be dialled.
ip_address address_of(const sockaddr& address)
{
    if (address.sa_family == AF_INET) {
        sockaddr_in four;
        std::memcpy(&four, &address, sizeof four);
        return boost::asio::ip::address_v4(ntohl(four.sin_addr.s_addr));
    }
    sockaddr_in6 six;
    std::memcpy(&six, &address, sizeof six);
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), six.sin6_addr.s6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes, six.sin6_scope_id);
}

}  // namespace

lookup_result system_lookup(const std::string& name)
{
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    // No AI_ADDRCONFIG: it hides ::1 on a machine whose only IPv6 is loopback, and an address that
    // cannot be reached fails at once anyway.
    addrinfo* list = nullptr;
    if (const int error = ::getaddrinfo(name.c_str(), nullptr, &hints, &list); error != 0)
        return to_result(error, errno);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);

    lookup_result found;
    for (const auto* entry = list; entry != nullptr; entry = entry->ai_next) {
        if (entry->ai_family != AF_INET && entry->ai_family != AF_INET6)
            continue;
        const auto address = address_of(*entry->ai_addr);
        if (std::find(found.addresses.begin(), found.addresses.end(), address) ==
            found.addresses.end())
            found.addresses.push_back(address);
    }
    if (found.addresses.empty())
        return failed(failure::name_not_found, "the name has no address");
    found.code = failure::none;
    return found;
}

}  // namespace penstock::net
