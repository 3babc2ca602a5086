#include <penstock/base/target.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/system/error_category.hpp>

#include <algorithm>
#include <charconv>

namespace penstock {
namespace {

namespace ip = boost::asio::ip;

class target_category_type final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "penstock.target"; }

    std::string message(int value) const override
    {
        switch (static_cast<target_errc>(value)) {
        case target_errc::empty_host:
            return "the host is empty";
        case target_errc::host_too_long:
            return "the host is longer than 255 octets";
        case target_errc::bad_host_octet:
            return "the host holds an octet that no name may hold";
        case target_errc::bad_host_label:
            return "the host is neither a name nor an address";
        case target_errc::missing_port:
            return "the port is missing";
        case target_errc::bad_port:
            return "the port is not in 1..65535";
        }
        return "unrecognised target error";
    }
};

/// Letters, digits, '-' and '.' (RFC 1123 section 2.1), and '_', which names in use contain.
bool is_name_octet(char c) noexcept
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
}

char to_lower(char c) noexcept
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// A last label that is a number is what makes inet_aton take a text for an address (WHATWG URL,
/// "ends in a number").
bool ends_in_number(std::string_view name) noexcept
{
    const auto label = name.substr(name.rfind('.') + 1);  // npos + 1 is 0
    if (label.starts_with("0x"))
        return label.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
    return label.find_first_not_of("0123456789") == std::string_view::npos;
}

result<host> parse_address_v6(std::string_view text)
{
    error_code ec;
    if (text.find('%') != std::string_view::npos)
        return target_errc::bad_host_label;
    const auto address = ip::make_address_v6(text, ec);
    if (ec)
        return target_errc::bad_host_label;
    return host{ip_address{address}};
}

}  // namespace

const boost::system::error_category& target_category() noexcept
{
    static const target_category_type instance;
    return instance;
}

error_code make_error_code(target_errc e) noexcept
{
    return {static_cast<int>(e), target_category()};
}

result<host> parse_host(std::string_view text)
{
    if (text.empty())
        return target_errc::empty_host;
    if (text.size() > host_octets_max)
        return target_errc::host_too_long;

    if (text.front() == '[') {
        if (text.size() < 2 || text.back() != ']')
            return target_errc::bad_host_label;
        return parse_address_v6(text.substr(1, text.size() - 2));
    }
    if (text.find(':') != std::string_view::npos)
        return parse_address_v6(text);

    error_code ec;
    if (const auto v4 = ip::make_address_v4(text, ec); !ec)
        return host{ip_address{v4}};

    if (!std::ranges::all_of(text, is_name_octet))
        return target_errc::bad_host_octet;
    if (text.ends_with('.'))
        text.remove_suffix(1);
    if (text.empty() || text.front() == '.' || text.ends_with('.') ||
        text.find("..") != std::string_view::npos)
        return target_errc::bad_host_label;

    std::string name(text);
    std::ranges::transform(name, name.begin(), to_lower);
    if (ends_in_number(name))
        return target_errc::bad_host_label;
    return host{std::move(name)};
}

result<target> parse_target(std::string_view text)
{
    const auto colon = text.rfind(':');
    const auto bracket = text.rfind(']');
    if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
        return target_errc::missing_port;
    const auto host_text = text.substr(0, colon);
    // More than one colon without brackets is an IPv6 address without a port.
    if (!host_text.starts_with('[') && host_text.find(':') != std::string_view::npos)
        return target_errc::missing_port;

    const auto port_text = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, error] =
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (error != std::errc{} || end != port_text.data() + port_text.size() || port == 0)
        return target_errc::bad_port;

    auto parsed = parse_host(host_text);
    if (!parsed)
        return parsed.error();
    return target{std::move(*parsed), port};
}

std::string to_string(const host& h)
{
    if (const auto* const name = std::get_if<std::string>(&h))
        return *name;
    return std::get<ip_address>(h).to_string();
}

std::string to_string(const target& t)
{
    const auto* const address = std::get_if<ip_address>(&t.host);
    const auto text = to_string(t.host);
    return (address != nullptr && address->is_v6() ? '[' + text + ']' : text) + ':' +
           std::to_string(t.port);
}

ip_address unmapped(const ip_address& address) noexcept
{
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        const auto bytes = address.to_v6().to_bytes();
        return ip::address_v4({bytes[12], bytes[13], bytes[14], bytes[15]});
    }
    return address;
}

}  // namespace penstock
