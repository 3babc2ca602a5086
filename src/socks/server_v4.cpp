#include <penstock/socks/server.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include "wire.hpp"

namespace penstock::socks {
namespace {

constexpr std::uint8_t granted = 0x5a;
constexpr std::uint8_t refused = 0x5b;

/// Of user-id and host; the specification sets no limit.
constexpr std::size_t field_octets_max = 255;

/// A NUL-terminated field: its length without the NUL, nothing while the NUL is not there, or
/// field_too_long.
result<std::optional<std::size_t>> field_v4(byte_view rest)
{
    const auto window = rest.first(std::min(rest.size(), field_octets_max + 1));
    const auto nul = std::ranges::find(window, std::uint8_t{0});
    if (nul != window.end())
        return std::optional<std::size_t>(static_cast<std::size_t>(nul - window.begin()));
    if (window.size() > field_octets_max)
        return errc::field_too_long;
    return std::optional<std::size_t>();
}

}  // namespace

std::size_t server::take_request_v4(byte_view received)
{
    version_4_ = true;
    if (received.size() < 8)
        return 0;
    auto message_octets = std::size_t{8};
    const auto field_end = [&]() -> std::optional<std::size_t> {
        const auto found = field_v4(received.subspan(message_octets));
        if (!found) {
            refuse(errc::field_too_long, failure::general);
            return std::nullopt;
        }
        return *found;
    };
    const auto user_octets = field_end();
    if (!user_octets)
        return 0;
    message_octets += *user_octets + 1;

    // SOCKS4a: 0.0.0.x with x != 0 says that a name follows.
    auto destination_host = result<host>(host{address_at<ip::address_v4>(received, 4)});
    if (received[4] == 0 && received[5] == 0 && received[6] == 0 && received[7] != 0) {
        const auto name_octets = field_end();
        if (!name_octets)
            return 0;
        destination_host = parse_host(text(received.subspan(message_octets, *name_octets)));
        message_octets += *name_octets + 1;
    }
    if (password_required_)
        refuse(errc::password_required, failure::denied);
    else
        take_destination(received[1], std::move(destination_host), port_at(received, 2));
    return message_octets;
}

void server::reply_v4(bool is_granted, const std::optional<bound_endpoint>& bound)
{
    const bool tellable = bound && bound->address.is_v4();
    const auto port = tellable ? bound->port : std::uint16_t{0};
    const auto address =
        tellable ? bound->address.to_v4().to_bytes() : ip::address_v4::bytes_type{};
    send({0, is_granted ? granted : refused});
    send({static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port & 0xff)});
    output_.insert(output_.end(), address.begin(), address.end());
}

}  // namespace penstock::socks
