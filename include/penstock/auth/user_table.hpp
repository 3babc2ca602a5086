#pragma once

#include <penstock/auth/principal.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::auth {

/// A users file that cannot be used; what() is "line 3: ..." and never holds a secret.
class users_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Who may come in, by token or by name and password; the text of a users file.
///
/// One user a line, '#' starts a comment line:
///
///     alice:token:sha256$SALT$HASH               penstock keys token alice
///     bob:password:scrypt$N$R$P$SALT$HASH        penstock keys password bob
///     eve:password:plain$correct horse           readable by whoever reads the file; `check` says
///     so
///
/// Copies share the memory of passwords that proved right. All const functions may be called from
/// any thread.
class user_table {
public:
    user_table();

    /// Throws: users_error for a malformed line, or a name that was there before.
    [[nodiscard]] static user_table parse(std::string_view text);

    /// Whether `password` is the password, or the token, of `user`. An unknown user costs the same
    /// work as a known one. A password hashed by scrypt takes about 10 ms the first time; what was
    /// right is remembered (keyed hash, bounded).
    [[nodiscard]] bool check(std::string_view user, std::string_view password) const;

    /// Whose token this is. Looks at every line, whatever it finds.
    [[nodiscard]] std::optional<principal> find_token(std::string_view token) const;

    [[nodiscard]] bool empty() const noexcept { return users_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return users_.size(); }
    [[nodiscard]] bool has_plain_passwords() const noexcept;

private:
    enum class scheme : std::uint8_t { token, scrypt, plain };
    struct user {
        std::string name;
        scheme how;
        std::uint64_t n = 0, r = 0, p = 0;  ///< of scrypt (RFC 7914)
        std::vector<std::uint8_t> salt;     ///< of the hash
        std::vector<std::uint8_t> secret;   ///< the hash, or the plain password
    };
    class proven_cache;

    static user parse_line(std::string_view line);
    [[nodiscard]] bool matches(const user& candidate, std::string_view password) const;

    std::vector<user> users_;
    std::optional<user>
        decoy_;  ///< what a user without a scrypt line is measured against, where others have one
    std::shared_ptr<proven_cache> proven_;
};

/// A new token: "pst_" and 256 random bits in base64url.
[[nodiscard]] std::string make_token();

/// The line of a users file for a token or a password, without newline. Throws: users_error for a
/// name that no line can hold.
[[nodiscard]] std::string token_line(std::string_view name, std::string_view token);
[[nodiscard]] std::string password_line(std::string_view name, std::string_view password);

}  // namespace penstock::auth
