#include <penstock/base/target.hpp>
#include <penstock/io/listen_address.hpp>
#include <penstock/io/socket.hpp>

#include <boost/asio/ip/address.hpp>

#include <charconv>

namespace penstock::io {
namespace {

constexpr std::string_view unix_prefix = "unix:";

/// Port 0 is a request for any free port here, which parse_target has no use for.
result<std::uint16_t> parse_port(std::string_view digits)
{
    std::uint16_t port = 0;
    const auto* const end = digits.data() + digits.size();
    const auto [stop, ec] = std::from_chars(digits.data(), end, port);
    if (digits.empty() || ec != std::errc() || stop != end)
        return target_errc::bad_port;
    return port;
}

result<listen_address> parse_unix(std::string_view path)
{
    if (path.empty())
        return target_errc::empty_host;
    // sun_path with its terminator; longer ones make Asio throw.
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        return target_errc::host_too_long;
    if (path.find('\0') != std::string_view::npos)
        return target_errc::bad_host_octet;
    return listen_address(asio::local::stream_protocol::endpoint(std::string(path)));
}

result<ip_address> parse_bind_address(std::string_view text)
{
    if (text.empty() || text == "localhost")
        return ip_address(asio::ip::address_v4::loopback());
    const auto parsed = parse_host(text);
    if (!parsed)
        return parsed.error();
    if (const auto* address = std::get_if<ip_address>(&*parsed))
        return *address;
    return target_errc::bad_host_label;  // a listener binds addresses; which one a name means could
                                         // change
}

}  // namespace

result<listen_address> parse_listen_address(std::string_view text)
{
    if (text.starts_with(unix_prefix))
        return parse_unix(text.substr(unix_prefix.size()));

    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return target_errc::missing_port;
    const auto host_text = text.substr(0, colon);
    if (host_text.find(':') != std::string_view::npos && !host_text.starts_with('['))
        return target_errc::bad_host_label;  // "::1:1080" could mean two things
    if (host_text.starts_with('[') && !host_text.ends_with(']'))
        return target_errc::missing_port;  // "[::1]"

    const auto port = parse_port(text.substr(colon + 1));
    if (!port)
        return port.error();
    const auto address = parse_bind_address(host_text);
    if (!address)
        return address.error();
    result<listen_address> parsed(boost::system::in_place_value, tcp::endpoint(*address, *port));
    return parsed;
}

std::string to_string(const listen_address& address)
{
    if (const auto* tcp_endpoint = std::get_if<tcp::endpoint>(&address))
        return to_string(*tcp_endpoint);
    return std::string(unix_prefix) +
           std::get<asio::local::stream_protocol::endpoint>(address).path();
}

bool is_local(const listen_address& address) noexcept
{
    const auto* const tcp_endpoint = std::get_if<tcp::endpoint>(&address);
    return tcp_endpoint == nullptr || unmapped(tcp_endpoint->address()).is_loopback();
}

}  // namespace penstock::io
