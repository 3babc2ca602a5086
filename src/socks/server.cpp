#include <penstock/socks/server.hpp>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/address_v6.hpp>
#include <boost/assert.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace penstock::socks {
namespace {

namespace ip = boost::asio::ip;

constexpr std::uint8_t version_5 = 5;
constexpr std::uint8_t version_4 = 4;
constexpr std::uint8_t credentials_version = 1;  // RFC 1929 section 2: not 5

constexpr std::uint8_t method_none = 0x00;
constexpr std::uint8_t method_password = 0x02;
constexpr std::uint8_t method_refused = 0xff;

constexpr std::uint8_t command_connect = 1;

constexpr std::uint8_t address_v4 = 1;
constexpr std::uint8_t address_name = 3;
constexpr std::uint8_t address_v6 = 4;

constexpr std::uint8_t granted_v4 = 0x5a;
constexpr std::uint8_t refused_v4 = 0x5b;
constexpr std::size_t field_v4_octets_max =
    255;  // of user-id and host; no limit in the specification

std::string_view text(byte_view view) noexcept
{
    return {reinterpret_cast<const char*>(view.data()), view.size()};
}

std::uint16_t port_at(byte_view view, std::size_t at) noexcept
{
    return static_cast<std::uint16_t>(view[at] << 8 | view[at + 1]);
}

template <class Address>
ip_address address_at(byte_view view, std::size_t at) noexcept
{
    typename Address::bytes_type bytes;
    std::copy_n(view.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), bytes.begin());
    return Address(bytes);
}

/// A NUL-terminated field: its length without the NUL, nothing while the NUL is not there, or
/// field_too_long.
result<std::optional<std::size_t>> field_v4(byte_view rest)
{
    const auto window = rest.first(std::min(rest.size(), field_v4_octets_max + 1));
    const auto nul = std::ranges::find(window, std::uint8_t{0});
    if (nul != window.end())
        return std::optional<std::size_t>(static_cast<std::size_t>(nul - window.begin()));
    if (window.size() > field_v4_octets_max)
        return errc::field_too_long;
    return std::optional<std::size_t>();
}

}  // namespace

std::size_t server::handle_octets(byte_view received)
{
    if (step_ != server_step::receive || received.empty())
        return 0;
    switch (phase_) {
    case phase::greeting:
        return received[0] == version_4 ? take_request_v4(received) : take_greeting(received);
    case phase::credentials:
        return take_credentials(received);
    case phase::request:
        return take_request_v5(received);
    }
    return 0;
}

std::size_t server::take_greeting(byte_view received)
{
    if (received[0] != version_5)
        return fail(errc::unsupported_version);
    if (received.size() < 2 || received.size() < 2u + received[1])
        return 0;

    const auto methods = received.subspan(2, received[1]);
    const auto offered = [methods](std::uint8_t method) {
        return std::ranges::find(methods, method) != methods.end();
    };
    // Some clients offer the password method alone as soon as they have one: it is taken, and not
    // judged, where nobody has to have one.
    const bool without = !password_required_ && offered(method_none);
    if (!without && !offered(method_password)) {
        send({version_5, method_refused});
        fail(errc::no_acceptable_method);
    } else {
        send({version_5, without ? method_none : method_password});
        phase_ = without ? phase::request : phase::credentials;
    }
    return 2 + methods.size();
}

std::size_t server::take_credentials(byte_view received)
{
    const auto refuse_malformed = [this] {
        send({credentials_version, 1});
        return fail(errc::malformed_credentials);
    };
    if (received[0] != credentials_version)
        return refuse_malformed();
    if (received.size() < 2)
        return 0;
    const std::size_t user_octets = received[1];
    if (user_octets == 0)
        return refuse_malformed();
    if (received.size() < 3 + user_octets)
        return 0;
    const std::size_t password_octets = received[2 + user_octets];
    if (password_octets == 0)
        return refuse_malformed();
    if (received.size() < 3 + user_octets + password_octets)
        return 0;

    user_ = text(received.subspan(2, user_octets));
    password_ = text(received.subspan(3 + user_octets, password_octets));
    step_ = server_step::authenticate;
    if (!password_required_)
        handle_verdict(true);
    return 3 + user_octets + password_octets;
}

void server::handle_verdict(bool accepted)
{
    BOOST_ASSERT(step_ == server_step::authenticate);
    std::fill(password_.begin(), password_.end(), '\0');
    password_.clear();
    // A name that nobody looked at says nothing about who this is.
    if (!password_required_ || !accepted)
        user_.clear();

    send({credentials_version, static_cast<std::uint8_t>(accepted ? 0 : 1)});
    if (!accepted) {
        fail(errc::wrong_credentials);
        return;
    }
    phase_ = phase::request;
    step_ = server_step::receive;
}

std::size_t server::take_request_v5(byte_view received)
{
    if (received[0] != version_5) {
        refuse(errc::unsupported_version, failure::general);
        return 0;
    }
    if (received.size() < 4)
        return 0;

    const auto command = received[1];
    std::size_t address_octets = 0;
    switch (received[3]) {
    case address_v4:
        address_octets = 4;
        break;
    case address_v6:
        address_octets = 16;
        break;
    case address_name:
        if (received.size() < 5)
            return 0;
        address_octets = 1u + received[4];
        break;
    default:
        // Its length is not known, so what follows cannot be read.
        refuse(errc::address_type_not_supported, failure::address_type_not_supported);
        return 0;
    }
    const auto message_octets = 4 + address_octets + 2;
    if (received.size() < message_octets)
        return 0;

    const auto port = port_at(received, 4 + address_octets);
    if (received[3] == address_name)
        take_destination(command, parse_host(text(received.subspan(5, address_octets - 1))), port);
    else if (received[3] == address_v4)
        take_destination(command, host{address_at<ip::address_v4>(received, 4)}, port);
    else
        take_destination(command, host{address_at<ip::address_v6>(received, 4)}, port);
    return message_octets;
}

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

void server::take_destination(
    std::uint8_t command, result<host> destination_host, std::uint16_t port
)
{
    // The command comes first: UDP ASSOCIATE may come with 0.0.0.0:0, and that is no fault of the
    // destination.
    if (command != command_connect)
        return refuse(errc::command_not_supported, failure::command_not_supported);
    if (!destination_host)
        return refuse(errc::bad_destination, failure::name_not_found);  // no resolver could know it
    if (port == 0)
        return refuse(errc::bad_destination, failure::general);

    destination_ = {std::move(*destination_host), port};
    step_ = server_step::open;
}

void server::handle_outcome(failure code, std::optional<bound_endpoint> bound)
{
    BOOST_ASSERT(step_ == server_step::open);
    reply(code, bound);
    step_ = server_step::finished;
}

octets server::poll_output() noexcept { return std::exchange(output_, {}); }

std::size_t server::fail(error_code ec) noexcept
{
    error_ = ec;
    step_ = server_step::finished;
    return 0;
}

void server::refuse(errc why, failure told)
{
    reply(told, std::nullopt);
    fail(why);
}

void server::reply(failure code, const std::optional<bound_endpoint>& bound)
{
    if (version_4_)
        reply_v4(code == failure::none, bound);
    else
        reply_v5(describe(code).socks5_reply, bound);
}

void server::reply_v5(std::uint8_t code, const std::optional<bound_endpoint>& bound)
{
    // Without a bound address the type is still a valid one: clients find the reply's end by it.
    const auto at = bound.value_or(bound_endpoint{ip::address_v4(), 0});
    send({version_5, code, 0, at.address.is_v6() ? address_v6 : address_v4});
    const auto append = [this](const auto& bytes) {
        output_.insert(output_.end(), bytes.begin(), bytes.end());
    };
    if (at.address.is_v6())
        append(at.address.to_v6().to_bytes());
    else
        append(at.address.to_v4().to_bytes());
    send({static_cast<std::uint8_t>(at.port >> 8), static_cast<std::uint8_t>(at.port & 0xff)});
}

void server::reply_v4(bool granted, const std::optional<bound_endpoint>& bound)
{
    const bool tellable = bound && bound->address.is_v4();
    const auto port = tellable ? bound->port : std::uint16_t{0};
    const auto address =
        tellable ? bound->address.to_v4().to_bytes() : ip::address_v4::bytes_type{};
    send({0, granted ? granted_v4 : refused_v4});
    send({static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port & 0xff)});
    output_.insert(output_.end(), address.begin(), address.end());
}

}  // namespace penstock::socks
