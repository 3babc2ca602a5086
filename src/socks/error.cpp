#include <penstock/socks/error.hpp>

#include <boost/system/error_category.hpp>

#include <string>

namespace penstock::socks {
namespace {

std::string_view text_of(errc e) noexcept
{
    switch (e) {
    case errc::unsupported_version:
        return "the SOCKS version is neither 4 nor 5";
    case errc::no_acceptable_method:
        return "the client offers no authentication method that is accepted here";
    case errc::malformed_credentials:
        return "the user name and password message is malformed (RFC 1929)";
    case errc::wrong_credentials:
        return "wrong user name or password";
    case errc::password_required:
        return "SOCKS4 has no password and users are required here; use SOCKS5";
    case errc::command_not_supported:
        return "only CONNECT is supported";
    case errc::address_type_not_supported:
        return "the address type is neither IPv4, IPv6 nor a name";
    case errc::bad_destination:
        return "the destination is not a host and a port in 1..65535";
    case errc::field_too_long:
        return "a SOCKS4 field is longer than 255 octets";
    case errc::bad_credentials_length:
        return "user name and password for the proxy must be 1 to 255 octets each";
    case errc::malformed_reply:
        return "the answer is not one of a SOCKS5 proxy; check the proxy's address";
    case errc::methods_refused:
        return "the proxy accepts none of our authentication methods; does it want a user and "
               "password?";
    case errc::credentials_refused:
        return "the proxy does not accept this user name and password";
    case errc::request_refused:
        return "the proxy refused the request";
    }
    return "unrecognised SOCKS error";
}

class category_type final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "penstock.socks"; }
    std::string message(int value) const override
    {
        return std::string(text_of(static_cast<errc>(value)));
    }
};

}  // namespace

const boost::system::error_category& category() noexcept
{
    static const category_type instance;
    return instance;
}

error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

std::string_view describe_reply(std::uint8_t reply) noexcept
{
    constexpr std::string_view texts[] = {
        "succeeded",
        "general failure",
        "not allowed by the rules",
        "network unreachable",
        "host unreachable",
        "connection refused",
        "timed out",
        "command not supported",
        "address type not supported",
    };
    return reply < std::size(texts) ? texts[reply] : "unassigned reply code";
}

}  // namespace penstock::socks
