// Apart from the others: the kernel's header, which has the newer fields, and the C library's,
// which Asio includes, define the same names.
#include "kernel_path.hpp"

#include <cstdint>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace penstock::tunnel {

std::optional<kernel_path> kernel_path_of(int socket) noexcept
{
    tcp_info info{};
    socklen_t size = sizeof info;
    constexpr std::uint32_t none_yet = ~std::uint32_t{0};
    if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        info.tcpi_min_rtt == none_yet)
        return std::nullopt;
    return kernel_path{std::chrono::microseconds(info.tcpi_min_rtt), info.tcpi_advmss};
}

}  // namespace penstock::tunnel
