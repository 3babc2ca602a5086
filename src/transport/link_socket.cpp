#include "link_socket.hpp"

#include <penstock/base/target.hpp>
#include <penstock/io/socket.hpp>

#include <array>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace penstock::transport {
namespace {

/// To begin with; the tunnel adapts it to the measured rate. What waits in the kernel cannot be
/// overtaken by an interactive frame.
constexpr int unsent_octets_max = 128 * 1024;

/// Unacknowledged for so long: the link is dead (Linux alone would try for 15 minutes).
constexpr int user_timeout_ms = 20'000;

void set(io::tcp::socket& socket, int name, int value) noexcept
{
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, sizeof value);
}

bool is_near(io::tcp::socket& socket) noexcept
{
    error_code ec;
    const auto peer = socket.remote_endpoint(ec);
    return ec || penstock::unmapped(peer.address()).is_loopback();
}

}  // namespace

link_congestion tune_link_socket(io::tcp::socket& socket, const std::string& congestion)
{
    io::set_no_delay(socket);
    set(socket, TCP_NOTSENT_LOWAT, unsent_octets_max);
    set(socket, TCP_USER_TIMEOUT, user_timeout_ms);

    const bool left_alone = congestion == "auto" && is_near(socket);
    if (!congestion.empty() && !left_alone) {
        const std::string algorithm = congestion == "auto" ? "bbr" : congestion;
        ::setsockopt(
            socket.native_handle(),
            IPPROTO_TCP,
            TCP_CONGESTION,
            algorithm.data(),
            static_cast<socklen_t>(algorithm.size())
        );
    }
    std::array<char, 16> name{};  // TCP_CA_NAME_MAX
    socklen_t size = name.size() - 1;
    ::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_CONGESTION, name.data(), &size);
    link_congestion out{name.data(), left_alone};
    out.paced = out.paced || out.name.starts_with("bbr");
    return out;
}

}  // namespace penstock::transport
