#include <penstock/auth/user_table.hpp>

#include <algorithm>
#include <ranges>

#include "proven_cache.hpp"
#include "scrypt.hpp"

namespace penstock::auth {
namespace {

digest token_hash(byte_view salt, std::string_view token)
{
    return sha256({salt, as_octets(token)});
}

}  // namespace

user_table::user_table() = default;

user_table user_table::parse(std::string_view text)
{
    user_table table;
    std::size_t number = 0;
    for (const auto part : std::views::split(text, '\n')) {
        ++number;
        std::string_view line(part.begin(), part.end());
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        const auto first = line.find_first_not_of(" \t");
        if (first == std::string_view::npos || line[first] == '#')
            continue;
        line.remove_prefix(first);

        const auto where = "line " + std::to_string(number) + ": ";
        try {
            table.users_.push_back(parse_line(line));
        } catch (const users_error& e) {
            throw users_error(where + e.what());
        }
        const auto& added = table.users_.back();
        if (std::ranges::count(table.users_, added.name, &user::name) > 1)
            throw users_error(
                where + "user '" + added.name + "' was there before (one line for each)"
            );
        if (added.how == scheme::scrypt && !table.decoy_)
            table.decoy_ = added;
    }
    if (table.decoy_)
        fill_random(table.decoy_->secret);
    table.proven_ = std::make_shared<proven_cache>();
    return table;
}

bool user_table::matches(const user& candidate, std::string_view password) const
{
    switch (candidate.how) {
    case scheme::token:
        return constant_time_equal(token_hash(candidate.salt, password), candidate.secret);
    case scheme::scrypt:
        return constant_time_equal(
            scrypt(
                candidate.salt, password, {.n = candidate.n, .r = candidate.r, .p = candidate.p}
            ),
            candidate.secret
        );
    case scheme::plain:
        // Hashes of both, so that not even the length shows.
        return constant_time_equal(sha256({as_octets(password)}), sha256({candidate.secret}));
    }
    return false;
}

bool user_table::check(std::string_view user_name, std::string_view password) const
{
    if (users_.empty())
        return false;
    const auto remembered = proven_->locate(user_name, password);
    if (proven_->holds(remembered))
        return true;

    const user* found = nullptr;
    for (const auto& candidate : users_) {
        if (constant_time_equal(candidate.name, user_name))
            found = &candidate;
    }
    bool right = false;
    if (found != nullptr)
        right = matches(*found, password);
    // The dearest work is done for everybody, or the time would tell which names exist.
    if (decoy_ && (found == nullptr || found->how != scheme::scrypt))
        static_cast<void>(matches(*decoy_, password));
    else if (found == nullptr)
        static_cast<void>(matches(users_.front(), password));

    if (right)
        proven_->keep(remembered);
    return right;
}

std::optional<principal> user_table::find_token(std::string_view token) const
{
    const user* found = nullptr;
    for (const auto& candidate : users_) {
        if (candidate.how == scheme::token && matches(candidate, token))
            found = &candidate;
    }
    if (found == nullptr)
        return std::nullopt;
    return principal{found->name, principal_kind::token};
}

bool user_table::has_plain_passwords() const noexcept
{
    return std::ranges::any_of(users_, [](const user& u) { return u.how == scheme::plain; });
}

}  // namespace penstock::auth
