#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/base/target.hpp>
#include <penstock/io/asio.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace penstock::net {

struct lookup_result {
    failure code =
        failure::name_lookup_failed;  ///< none, name_not_found, name_lookup_failed or overloaded
    std::string detail;               ///< one line for a person; empty on success
    std::vector<ip_address>
        addresses;  ///< in the system's order of preference; not empty on success
};

/// Blocks until the system knows. Runs on a worker thread, so it may outlive the resolver: no
/// references.
using lookup_function = std::function<lookup_result(const std::string& name)>;

/// getaddrinfo: keeps NSS, /etc/hosts and split DNS working.
[[nodiscard]] lookup_result system_lookup(const std::string& name);

struct resolver_settings {
    std::chrono::milliseconds deadline{10'000};  ///< for the caller; the blocking lookup may go on
    unsigned idle_workers_max = 4;               ///< threads kept for the next name
    unsigned workers_max = 64;                   ///< with those that hang in a lookup
    std::size_t queued_max = 1'024;              ///< names waiting for a worker
    std::size_t waiting_per_principal_max =
        256;  ///< callers, as many as a session may dial at once
    unsigned workers_per_principal_max =
        48;  ///< below workers_max: one user's dead names leave room for others
    std::chrono::milliseconds positive_ttl{30'000};
    std::chrono::milliseconds negative_ttl{5'000
    };  ///< for name_not_found only; other failures are asked again
    std::size_t cached_names_max = 4'096;
    std::chrono::milliseconds worker_idle_max{10'000
    };  ///< a spare thread beyond idle_workers_max leaves after this
    lookup_function lookup = system_lookup;
    std::function<io::clock::time_point()> now = io::clock::now;  ///< age of cached answers
};

/// Name resolution for all threads: a bounded pool around a blocking lookup, a short cache, one
/// lookup for callers that ask for the same name at the same time. A name whose servers do not
/// answer costs one worker until the system gives up, and delays neither other names nor the end of
/// the process: destruction waits for nothing.
///
/// Special names: "localhost" and below are loopback (RFC 6761), "onion" and below do not exist
/// (RFC 7686).
class resolver {
public:
    explicit resolver(resolver_settings settings = {});
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /// `deadline`, if given, is the caller's own; the shorter of it and the settings' counts.
    /// Executor: completes on the caller's. Cancellation: terminal; completes with
    /// name_lookup_failed. Lifetime: the resolver may be destroyed meanwhile, which completes it
    /// with name_lookup_failed.
    io::asio::awaitable<lookup_result> resolve(
        std::string name,
        std::string principal,
        std::chrono::milliseconds deadline = std::chrono::milliseconds::max()
    );

    struct counters {
        std::size_t workers = 0;  ///< threads, idle and busy
        std::size_t running = 0;  ///< lookups in progress, abandoned ones included
        std::size_t queued = 0;
        std::size_t cached = 0;
        std::size_t waiting = 0;  ///< callers
    };
    [[nodiscard]] counters count() const;

private:
    std::shared_ptr<class lookup_pool> pool_;
};

}  // namespace penstock::net
