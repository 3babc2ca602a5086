#include <penstock/socks/client.hpp>

#include <utility>

#include "wire.hpp"

namespace penstock::socks {
namespace {

constexpr std::size_t login_octets_max = 255;

bool has_login_length(const std::string& text) noexcept
{
    return !text.empty() && text.size() <= login_octets_max;
}

template <class Bytes>
void append(octets& out, const Bytes& bytes)
{
    out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

client::client(target destination, std::optional<credentials> login)
    : destination_(std::move(destination)), login_(std::move(login))
{
    if (login_ && (!has_login_length(login_->user) || !has_login_length(login_->password)))
        fail(errc::bad_credentials_length);
    else if (login_)
        output_ = {version_5, 2, method_none, method_password};
    else
        output_ = {version_5, 1, method_none};
}

std::size_t client::handle_octets(byte_view received)
{
    if (step_ != client_step::receive || received.empty())
        return 0;
    switch (phase_) {
    case phase::method:
        return take_method(received);
    case phase::verdict:
        return take_verdict(received);
    case phase::reply:
        return take_reply(received);
    }
    return 0;
}

std::size_t client::take_method(byte_view received)
{
    if (received[0] != version_5)
        return fail(errc::malformed_reply);
    if (received.size() < 2)
        return 0;
    if (received[1] == method_none)
        send_request();
    else if (received[1] == method_password && login_)
        send_credentials();
    else
        fail(received[1] == method_refused ? errc::methods_refused : errc::malformed_reply);
    return 2;
}

std::size_t client::take_verdict(byte_view received)
{
    // The version is not checked: proxies that answer 05 here exist, and the status is what counts.
    if (received.size() < 2)
        return 0;
    if (received[1] == 0)
        send_request();
    else
        fail(errc::credentials_refused);
    return 2;
}

std::size_t client::take_reply(byte_view received)
{
    if (received[0] != version_5)
        return fail(errc::malformed_reply);
    if (received.size() < 2)
        return 0;
    if (received[1] != 0) {
        // The rest says nothing about a failure, and some proxies do not send it.
        refusal_ = received[1];
        return fail(errc::request_refused);
    }
    if (received.size() < 5)
        return 0;
    std::size_t address_octets = 0;
    switch (received[3]) {
    case address_v4:
        address_octets = 4;
        break;
    case address_v6:
        address_octets = 16;
        break;
    case address_name:
        address_octets = 1u + received[4];
        break;
    default:
        return fail(errc::malformed_reply);
    }
    if (received.size() < 4 + address_octets + 2)
        return 0;
    step_ = client_step::connected;
    return 4 + address_octets + 2;
}

void client::send_credentials()
{
    output_.push_back(credentials_version);
    output_.push_back(static_cast<std::uint8_t>(login_->user.size()));
    append(output_, login_->user);
    output_.push_back(static_cast<std::uint8_t>(login_->password.size()));
    append(output_, login_->password);
    phase_ = phase::verdict;
}

void client::send_request()
{
    append(output_, octets{version_5, command_connect, 0});
    if (const auto* const name = std::get_if<std::string>(&destination_.host)) {
        output_.push_back(address_name);
        output_.push_back(static_cast<std::uint8_t>(name->size()));  // parse_host() allows 255
        append(output_, *name);
    } else if (const auto& address = std::get<ip_address>(destination_.host); address.is_v4()) {
        output_.push_back(address_v4);
        append(output_, address.to_v4().to_bytes());
    } else {
        output_.push_back(address_v6);
        append(output_, address.to_v6().to_bytes());
    }
    output_.push_back(static_cast<std::uint8_t>(destination_.port >> 8));
    output_.push_back(static_cast<std::uint8_t>(destination_.port & 0xff));
    phase_ = phase::reply;
}

octets client::poll_output() noexcept { return std::exchange(output_, {}); }

std::size_t client::fail(errc why) noexcept
{
    error_ = why;
    step_ = client_step::failed;
    return 0;
}

}  // namespace penstock::socks
