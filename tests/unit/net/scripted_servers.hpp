#pragma once

#include <penstock/net/resolver.hpp>

#include <boost/asio/co_spawn.hpp>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

#include "support.hpp"

namespace support {

using namespace std::chrono_literals;
namespace net = penstock::net;
using penstock::failure;

inline net::lookup_result found(const char* address)
{
    net::lookup_result r;
    r.code = failure::none;
    r.addresses = {asio::ip::make_address(address)};
    return r;
}

inline net::lookup_result not_found(failure code)
{
    net::lookup_result r;
    r.code = code;
    r.detail = "scripted";
    return r;
}

/// Name servers under the test's control: a held name does not answer until it is let go. Shared
/// with the workers.
class script {
public:
    net::lookup_result operator()(const std::string& name)
    {
        std::unique_lock lock(mutex_);
        ++asked_[name];
        changed_.notify_all();
        changed_.wait(lock, [&] { return !held_.contains(name) && !all_held_; });
        if (name.starts_with("throws"))
            throw std::runtime_error("thrown by the lookup");
        const auto known = answers_.find(name);
        return known == answers_.end() ? found("192.0.2.1") : known->second;
    }

    void hold(const std::string& name)
    {
        change([&] { held_.insert(name); });
    }
    void hold_all()
    {
        change([&] { all_held_ = true; });
    }
    void let_go()
    {
        change([&] { held_.clear(), all_held_ = false; });
    }
    void answer(const std::string& name, net::lookup_result r)
    {
        change([&] { answers_[name] = std::move(r); });
    }

    int asked(const std::string& name)
    {
        const std::lock_guard lock(mutex_);
        return asked_[name];
    }
    void wait_until_asked(const std::string& name)
    {
        std::unique_lock lock(mutex_);
        BOOST_TEST_REQUIRE(changed_.wait_for(lock, 20s, [&] { return asked_[name] > 0; }));
    }

private:
    template <class Change>
    void change(Change apply)
    {
        const std::lock_guard lock(mutex_);
        apply();
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    std::set<std::string> held_;
    bool all_held_ = false;
    std::map<std::string, net::lookup_result> answers_;
    std::map<std::string, int> asked_;
};

struct resolver_fixture {
    std::shared_ptr<script> servers = std::make_shared<script>();
    std::shared_ptr<io::clock::time_point> now = std::make_shared<io::clock::time_point>();
    net::resolver_settings settings;
    std::optional<net::resolver> resolver;
    std::optional<asio::io_context> context{1};

    resolver_fixture()
    {
        settings.lookup = [servers = servers](const std::string& name) { return (*servers)(name); };
        settings.now = [now = now] { return *now; };
        settings.deadline = 1h;
    }
    ~resolver_fixture() { servers->let_go(); }

    using answer = std::shared_ptr<std::optional<net::lookup_result>>;

    answer
    ask(const std::string& name,
        const std::string& principal = "alice",
        std::chrono::milliseconds limit = 1h)
    {
        if (!resolver)
            resolver.emplace(settings);
        auto got = std::make_shared<std::optional<net::lookup_result>>();
        asio::co_spawn(
            *context,
            resolver->resolve(name, principal, limit),
            [got](std::exception_ptr thrown, net::lookup_result r) {
                BOOST_TEST(!thrown);
                *got = std::move(r);
            }
        );
        context->restart();
        context->poll();
        return got;
    }

    net::lookup_result wait(const answer& of)
    {
        run_until(*context, [&] { return of->has_value(); });
        return **of;
    }

    template <class Condition>
    void wait_for_count(Condition holds)
    {
        run_until(*context, [&] { return holds(resolver->count()); });
    }
};

}  // namespace support
