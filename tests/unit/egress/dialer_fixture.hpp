#pragma once

#include <penstock/egress/dialer.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <condition_variable>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace support {

namespace asio = boost::asio;
namespace egress = penstock::egress;
namespace io = penstock::io;
namespace net = penstock::net;
namespace routing = penstock::routing;
using asio::ip::tcp;
using penstock::error_code;
using penstock::failure;
using namespace std::chrono_literals;

inline routing::policy policy_of(std::initializer_list<const char*> rules)
{
    routing::rule_list list;
    for (const char* text : rules)
        list.add(routing::parse_rule(text, routing::side::server));
    return routing::policy(list);
}

/// Look-ups that hang until let go. Shared with the resolver's threads.
struct gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;

    void pass()
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return open; });
    }
    void let_go()
    {
        const std::lock_guard lock(mutex);
        open = true;
        changed.notify_all();
    }
};

/// Names and connections under the test's control; `network` off means real sockets on loopback.
struct dialer_fixture {
    asio::io_context context{1};
    std::shared_ptr<gate> hanging = std::make_shared<gate>();
    std::map<std::string, std::vector<const char*>> names;
    std::vector<std::string> dialled;
    egress::settings settings;
    std::optional<net::resolver> resolver;
    std::optional<egress::dialer> dialer;
    std::optional<egress::dial_outcome> outcome;
    asio::cancellation_signal stop;

    ~dialer_fixture() { hanging->let_go(); }

    /// Notes every connection that would be made, and refuses it: nothing leaves the machine.
    void without_network()
    {
        settings.connect.connect =
            [this](tcp::socket&, const tcp::endpoint& to, std::function<void(error_code)> done) {
                dialled.push_back(to.address().to_string());
                asio::post(context, [done] { done(asio::error::connection_refused); });
            };
    }

    void build()
    {
        settings.resolver.lookup = [known = names, hanging = hanging](const std::string& name) {
            net::lookup_result r;
            if (name == "hangs.example")
                hanging->pass();
            const auto found = known.find(name);
            if (found == known.end()) {
                r.code = failure::name_not_found;
                r.detail = "the name does not exist";
                return r;
            }
            r.code = failure::none;
            for (const char* address : found->second)
                r.addresses.push_back(asio::ip::make_address(address));
            return r;
        };
        resolver.emplace(settings.resolver);
        dialer.emplace(*resolver, settings);
    }

    void start(
        const std::string& target,
        const std::string& principal = "",
        std::chrono::milliseconds timeout = {}
    )
    {
        if (!dialer)
            build();
        outcome.reset();
        asio::co_spawn(
            context,
            dialer->dial(penstock::parse_target(target).value(), principal, timeout),
            asio::bind_cancellation_slot(
                stop.slot(),
                [this](std::exception_ptr thrown, egress::dial_outcome o) {
                    BOOST_TEST(!thrown);
                    outcome = std::move(o);
                }
            )
        );
    }

    void run_to_the_end()
    {
        const auto give_up = io::clock::now() + 20s;
        while (!outcome) {
            BOOST_TEST_REQUIRE((io::clock::now() < give_up));
            context.restart();
            context.run_one_for(20ms);
        }
    }

    failure dial(
        const std::string& target,
        const std::string& principal = "",
        std::chrono::milliseconds timeout = {}
    )
    {
        start(target, principal, timeout);
        run_to_the_end();
        BOOST_TEST(outcome->socket.has_value() == (outcome->code == failure::none));
        BOOST_TEST(outcome->detail.empty() == (outcome->code == failure::none));
        return outcome->code;
    }
};

inline std::string text_of(const tcp::endpoint& endpoint)
{
    const auto address = endpoint.address().to_string();
    return (endpoint.address().is_v6() ? "[" + address + "]:" : address + ":") +
           std::to_string(endpoint.port());
}

}  // namespace support
