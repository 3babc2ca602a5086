#pragma once

#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>
#include <penstock/socks/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace penstock::socks {

/// The longest answer of a proxy: a reply that names its bound address by a host of 255 octets.
inline constexpr std::size_t server_message_octets_max = 4 + 1 + 255 + 2;

struct credentials {
    std::string user;
    std::string password;
};

enum class client_step : std::uint8_t {
    receive,    ///< send poll_output(), then give what comes to handle_octets()
    connected,  ///< what handle_octets() did not use comes from the target
    failed,     ///< error() says why
};

/// Asks a SOCKS5 proxy (RFC 1928, RFC 1929) for a connection to a target.
///
/// Order of calls: send poll_output(), handle_octets() with everything received and not used yet,
/// and so on while step() is receive. Errors: the second group of errc.
class client {
public:
    client(target destination, std::optional<credentials> login);

    /// Reads the message at the front of `received` and returns how many octets it was; 0 while it
    /// is incomplete.
    [[nodiscard]] std::size_t handle_octets(byte_view received);

    [[nodiscard]] octets poll_output() noexcept;

    [[nodiscard]] client_step step() const noexcept { return step_; }
    [[nodiscard]] error_code error() const noexcept { return error_; }
    /// The reply code behind errc::request_refused; describe_reply() has words for it.
    [[nodiscard]] std::uint8_t refusal() const noexcept { return refusal_; }

private:
    enum class phase : std::uint8_t { method, verdict, reply };

    std::size_t take_method(byte_view received);
    std::size_t take_verdict(byte_view received);
    std::size_t take_reply(byte_view received);
    void send_credentials();
    void send_request();
    std::size_t fail(errc why) noexcept;

    target destination_;
    std::optional<credentials> login_;
    phase phase_ = phase::method;
    client_step step_ = client_step::receive;
    error_code error_;
    std::uint8_t refusal_ = 0;
    octets output_;
};

}  // namespace penstock::socks
