#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>
#include <penstock/socks/error.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

namespace penstock::socks {

/// The longest message of a client: SOCKS4a with user-id and host of 255 octets, each with its NUL.
/// A caller's buffer needs no more before handle_octets() moves on.
inline constexpr std::size_t client_message_octets_max = 8 + 256 + 256;

/// What a server's caller has to do next.
enum class server_step : std::uint8_t {
    receive,       ///< give octets to handle_octets()
    authenticate,  ///< judge user() and password(), then handle_verdict()
    open,          ///< open destination(), then handle_outcome()
    finished,      ///< send poll_output(); then relay if error() is empty and the outcome was none,
                   ///< else close
};

/// Where a target's connection starts, for BND.ADDR and BND.PORT.
struct bound_endpoint {
    ip_address address;
    std::uint16_t port = 0;
};

/// The proxy's side of SOCKS5 (RFC 1928, RFC 1929), SOCKS4 and SOCKS4a, up to its reply.
///
/// Order of calls: while step() is receive, handle_octets() with everything that was received and
/// not used yet; then what step() says. After each call send poll_output(). Octets that are left
/// when step() is open or finished are the client's early data.
class server {
public:
    explicit server(bool password_required) noexcept : password_required_(password_required) {}

    /// Reads the message at the front of `received` and returns how many octets it was; 0 while it
    /// is incomplete.
    [[nodiscard]] std::size_t handle_octets(byte_view received);

    /// The answer to step authenticate.
    void handle_verdict(bool accepted);

    /// The answer to step open; `bound` goes into the reply, IPv4 zeros without it.
    void handle_outcome(failure code, std::optional<bound_endpoint> bound = std::nullopt);

    /// What is to be sent now; each octet is given out once.
    [[nodiscard]] octets poll_output() noexcept;

    [[nodiscard]] server_step step() const noexcept { return step_; }
    /// Set when the conversation ended without a request that could be opened.
    [[nodiscard]] error_code error() const noexcept { return error_; }

    /// As sent by the client (RFC 1929). The password is kept until handle_verdict() only.
    [[nodiscard]] const std::string& user() const noexcept { return user_; }
    [[nodiscard]] const std::string& password() const noexcept { return password_; }

    [[nodiscard]] const target& destination() const noexcept { return destination_; }

private:
    enum class phase : std::uint8_t { greeting, credentials, request };

    std::size_t take_greeting(byte_view received);
    std::size_t take_credentials(byte_view received);
    std::size_t take_request_v5(byte_view received);
    std::size_t take_request_v4(byte_view received);
    void take_destination(std::uint8_t command, result<host> destination_host, std::uint16_t port);
    void send(std::initializer_list<std::uint8_t> message)
    {
        output_.insert(output_.end(), message);
    }
    std::size_t fail(error_code ec) noexcept;
    void refuse(errc why, failure told);
    void reply(failure code, const std::optional<bound_endpoint>& bound);
    void reply_v5(std::uint8_t code, const std::optional<bound_endpoint>& bound);
    void reply_v4(bool is_granted, const std::optional<bound_endpoint>& bound);

    bool password_required_;
    bool version_4_ = false;
    phase phase_ = phase::greeting;
    server_step step_ = server_step::receive;
    error_code error_;
    std::string user_;
    std::string password_;
    target destination_;
    octets output_;
};

}  // namespace penstock::socks
