#include <penstock/auth/secret.hpp>
#include <penstock/auth/user_table.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>

#include "scrypt.hpp"

namespace penstock::auth {
namespace {

constexpr std::size_t salt_octets = 16;
constexpr std::size_t secret_octets_max = 1024;

/// A name stands in logs, rules and Basic credentials (RFC 7617: no colon). RFC 1929 gives it at
/// most 255 octets.
void require_name(std::string_view name)
{
    const auto unfit = [](char c) {
        return c == ':' || c == '#' || static_cast<unsigned char>(c) <= ' ' || c == 0x7f;
    };
    if (name.empty())
        throw users_error("the name is empty (NAME:password:... or NAME:token:...)");
    if (name.size() > 255)
        throw users_error("the name is longer than 255 octets");
    if (std::ranges::any_of(name, unfit))
        throw users_error("a name holds no blank, ':' or '#'");
}

/// The part in front of `separator`, which is taken off `rest` with it.
std::string_view take(std::string_view& rest, char separator)
{
    const auto end = rest.find(separator);
    const auto part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    return part;
}

octets base64_part(std::string_view text, const char* what)
{
    auto decoded = from_base64url(text);
    if (!decoded || decoded->empty())
        throw users_error(std::string("the ") + what + " is not base64url (copy the whole line)");
    return std::move(*decoded);
}

octets hash_part(std::string_view text)
{
    auto hash = base64_part(text, "hash");
    if (hash.size() != digest_octets)
        throw users_error("the hash is not 32 octets long (copy the whole line)");
    return hash;
}

std::uint64_t cost_part(std::string_view text, const char* what, std::uint64_t most)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value == 0 || value > most)
        throw users_error(
            std::string("the scrypt ") + what + " must be in 1.." + std::to_string(most)
        );
    return value;
}

std::array<std::uint8_t, salt_octets> make_salt()
{
    std::array<std::uint8_t, salt_octets> salt{};
    fill_random(salt);
    return salt;
}

}  // namespace

user_table::user user_table::parse_line(std::string_view line)
{
    user parsed{};
    const auto name = take(line, ':');
    require_name(name);
    parsed.name = name;

    const auto kind = take(line, ':');
    const bool is_token = kind == "token";
    if (!is_token && kind != "password")
        throw users_error(
            "user '" + parsed.name + "': expected NAME:token:... or NAME:password:..."
        );
    const auto scheme_name = take(line, '$');

    if (is_token && scheme_name == "sha256") {
        parsed.how = scheme::token;
        parsed.salt = base64_part(take(line, '$'), "salt");
        parsed.secret = hash_part(line);
    } else if (!is_token && scheme_name == "scrypt") {
        parsed.how = scheme::scrypt;
        parsed.n = cost_part(take(line, '$'), "N", cost_max.n);
        parsed.r = cost_part(take(line, '$'), "r", cost_max.r);
        parsed.p = cost_part(take(line, '$'), "p", cost_max.p);
        if (parsed.n < 2 || (parsed.n & (parsed.n - 1)) != 0)
            throw users_error("the scrypt N must be a power of two");
        parsed.salt = base64_part(take(line, '$'), "salt");
        parsed.secret = hash_part(line);
    } else if (!is_token && scheme_name == "plain") {
        if (line.empty() || line.size() > secret_octets_max)
            throw users_error("user '" + parsed.name + "': a password has 1 to 1024 octets");
        parsed.how = scheme::plain;
        parsed.secret.assign(line.begin(), line.end());
    } else {
        throw users_error(
            "user '" + parsed.name +
            (is_token ? "': expected token:sha256$SALT$HASH (made by: penstock keys token NAME)"
                      : "': expected password:scrypt$... (made by: penstock keys password NAME) or "
                        "password:plain$...")
        );
    }
    return parsed;
}

std::string make_token()
{
    std::array<std::uint8_t, 32> bits{};
    fill_random(bits);
    return "pst_" + to_base64url(bits);
}

std::string token_line(std::string_view name, std::string_view token)
{
    require_name(name);
    const auto salt = make_salt();
    const auto hash = sha256({salt, as_octets(token)});
    return std::string(name) + ":token:sha256$" + to_base64url(salt) + '$' + to_base64url(hash);
}

std::string password_line(std::string_view name, std::string_view password)
{
    require_name(name);
    if (password.empty() || password.size() > secret_octets_max)
        throw users_error("a password has 1 to 1024 octets");
    const auto salt = make_salt();
    const auto hash = scrypt(salt, password, default_cost);
    return std::string(name) + ":password:scrypt$" + std::to_string(default_cost.n) + '$' +
           std::to_string(default_cost.r) + '$' + std::to_string(default_cost.p) + '$' +
           to_base64url(salt) + '$' + to_base64url(hash);
}

}  // namespace penstock::auth
