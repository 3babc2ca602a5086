#include <penstock/egress/dialer.hpp>
#include <penstock/io/socket.hpp>
#include <penstock/net/connector.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace penstock::egress {
namespace {

using std::chrono::milliseconds;

struct candidates {
    std::vector<io::tcp::endpoint> allowed;
    std::string refusal;  ///< about the first address that was denied
};

/// The one place where addresses pass: what is not in `allowed` is not dialled.
candidates ask_policy(
    const routing::policy& policy,
    const target& destination,
    const std::vector<ip_address>& addresses,
    const std::string& principal
)
{
    const auto* const name = std::get_if<std::string>(&destination.host);
    candidates asked;
    for (const auto& resolved : addresses) {
        // Decided and dialled in the same form, so that a mapped address cannot be one thing here
        // and another there.
        const auto address = unmapped(resolved);
        const auto decided = policy.decide(name, address, destination.port, principal);
        if (decided.allowed)
            asked.allowed.emplace_back(address, destination.port);
        else if (asked.refusal.empty())
            asked.refusal = address.to_string() + " is denied: " + std::string(decided.why);
    }
    return asked;
}

dial_outcome failed(failure code, const target& destination, const std::string& why)
{
    dial_outcome outcome;
    outcome.code = code;
    const auto name = to_string(destination);
    // A literal address is named by the connector already.
    outcome.detail = why.starts_with(name) ? why : name + ": " + why;
    return outcome;
}

}  // namespace

dialer::dialer(net::resolver& resolver, settings s)
    : resolver_(resolver), policy_(std::make_shared<const routing::policy>(std::move(s.policy))),
      settings_(std::move(s))
{
    settings_.policy = {};
}

void dialer::set_policy(routing::policy policy)
{
    policy_ = std::make_shared<const routing::policy>(std::move(policy));
}

// 1. resolve (a literal address skips this), 2. ask the policy about every address, 3. dial those
// that it allows.
io::asio::awaitable<dial_outcome>
dialer::dial(target destination, std::string principal, milliseconds timeout)
{
    const auto granted = timeout > milliseconds::zero()
                             ? std::min(timeout, settings_.dial_timeout_max)
                             : settings_.dial_timeout;
    const auto due = io::clock::now() + granted;
    auto connecting = settings_.connect;
    const auto policy = policy_;

    std::vector<ip_address> addresses;
    if (const auto* literal = std::get_if<ip_address>(&destination.host)) {
        addresses.push_back(*literal);
    } else {
        auto found =
            co_await resolver_.resolve(std::get<std::string>(destination.host), principal, granted);
        if (found.code != failure::none)
            co_return failed(found.code, destination, found.detail);
        addresses = std::move(found.addresses);
    }

    auto asked = ask_policy(*policy, destination, addresses, principal);
    if (asked.allowed.empty())
        co_return failed(failure::denied, destination, asked.refusal);

    const auto left = std::chrono::duration_cast<milliseconds>(due - io::clock::now());
    connecting.deadline = std::max(left, milliseconds(1));
    auto connected = co_await net::connect(std::move(asked.allowed), std::move(connecting));
    if (connected.code != failure::none)
        co_return failed(connected.code, destination, connected.detail);

    dial_outcome outcome;
    error_code ignored;  // a connection that is gone again is noticed by its first read
    outcome.code = failure::none;
    outcome.local = connected.socket->local_endpoint(ignored);
    outcome.remote = connected.remote;
    outcome.socket = std::move(connected.socket);
    co_return outcome;
}

}  // namespace penstock::egress
