#include <penstock/net/resolver.hpp>

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "lookup_pool.hpp"

namespace penstock::net {
namespace {

namespace asio = io::asio;

bool is_or_is_below(std::string_view name, std::string_view domain) noexcept
{
    if (!name.ends_with(domain))
        return false;
    return name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.';
}

/// Names that never go to the DNS.
std::optional<lookup_result> special_name(std::string_view name)
{
    lookup_result known;
    if (is_or_is_below(name, "localhost")) {
        // RFC 6761 section 6.3: the loopback of whoever resolves, here the server's; the policy
        // guards it.
        known.code = failure::none;
        known.addresses = {asio::ip::address_v6::loopback(), asio::ip::address_v4::loopback()};
        return known;
    }
    if (is_or_is_below(name, "onion")) {
        known.code = failure::name_not_found;
        known.detail = "onion names are not in the DNS (RFC 7686)";
        return known;
    }
    return std::nullopt;
}

/// Leaves the pool however resolve() ends: answer, deadline, cancellation, or destruction of its
/// io_context.
struct visit {
    visit(std::shared_ptr<lookup_pool> p, const std::string& n, std::shared_ptr<lookup_waiter> w)
        : pool(std::move(p)), name(n), waiter(std::move(w))
    {
    }
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit() { pool->leave(name, waiter); }

    std::shared_ptr<lookup_pool> pool;
    const std::string& name;
    std::shared_ptr<lookup_waiter> waiter;
};

}  // namespace

resolver::resolver(resolver_settings settings)
    : pool_(std::make_shared<lookup_pool>(std::move(settings)))
{
}

resolver::~resolver() { pool_->stop(); }

asio::awaitable<lookup_result>
resolver::resolve(std::string name, std::string principal, std::chrono::milliseconds deadline)
{
    if (auto known = special_name(name))
        co_return std::move(*known);

    const auto pool = pool_;
    const auto waiter =
        std::make_shared<lookup_waiter>(co_await asio::this_coro::executor, std::move(principal));
    if (auto known = pool->enter(name, waiter))
        co_return std::move(*known);
    const visit leaves_at_the_end(pool, name, waiter);

    const auto limit = std::min(deadline, pool->deadline());
    waiter->timer.expires_after(limit);
    co_await waiter->timer.async_wait(io::as_result);
    if (waiter->result)
        co_return std::move(*waiter->result);

    lookup_result late;
    late.code = failure::name_lookup_failed;
    late.detail = "the name servers did not answer within " + std::to_string(limit.count()) + " ms";
    co_return late;
}

resolver::counters resolver::count() const { return pool_->count(); }

}  // namespace penstock::net
