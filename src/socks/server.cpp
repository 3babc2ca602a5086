#include <penstock/socks/server.hpp>

#include <boost/assert.hpp>

#include <algorithm>
#include <utility>

#include "wire.hpp"

namespace penstock::socks {
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

}  // namespace penstock::socks
