#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/base/target.hpp>
#include <penstock/egress/settings.hpp>
#include <penstock/io/asio.hpp>
#include <penstock/net/resolver.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace penstock::egress {

struct dial_outcome {
    failure code = failure::general;
    std::string
        detail;  ///< one line for a person: the rule, the address, the cause; empty on success
    std::optional<io::tcp::socket>
        socket;               ///< connected, TCP_NODELAY set; set exactly if code is none
    io::tcp::endpoint local;  ///< the bound end, for the SOCKS reply
    io::tcp::endpoint remote;
};

/// The only way from the server to a target: resolve, ask the policy about every address, dial what
/// it allows (RFC 8305). One for each thread; the resolver is shared.
class dialer {
public:
    /// Lifetime: `resolver` outlives every dial.
    dialer(net::resolver& resolver, settings s);

    /// Takes effect with the next dial; those under way keep what they began with. Executor: the
    /// dialer's thread.
    void set_policy(routing::policy policy);

    /// Connects to `destination` for `principal` (who the rules' `for` means and whose share of
    /// look-ups is used). `timeout` covers the whole of it, 0 means the default, more than the
    /// maximum is the maximum. Cancellation: terminal. Never throws for the network.
    io::asio::awaitable<dial_outcome>
    dial(target destination, std::string principal, std::chrono::milliseconds timeout = {});

private:
    net::resolver& resolver_;
    std::shared_ptr<const routing::policy> policy_;
    settings settings_;
};

}  // namespace penstock::egress
