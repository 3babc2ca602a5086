#pragma once

#include <penstock/pki/pki.hpp>
#include <penstock/tls/context.hpp>
#include <penstock/tls/engine.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

namespace tls_test {

namespace pki = penstock::pki;
namespace tls = penstock::tls;
using namespace std::chrono_literals;
using penstock::error_code;
using penstock::flat_buffer;
using penstock::octets;

inline octets to_octets(std::string_view text) { return {text.begin(), text.end()}; }

/// Keys for a test run, made once.
struct keys {
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
    pki::validity valid = pki::valid_for(now, std::chrono::days(1));
    pki::key_pair authority = *pki::make_authority("Penstock test CA", valid);
    pki::key_pair other_authority = *pki::make_authority("Some other CA", valid);
    pki::key_pair server = server_for({"a.example", "192.0.2.7"});
    pki::key_pair client = *pki::make_client(authority, "alice", valid);

    pki::key_pair server_for(const std::vector<std::string>& hosts) const
    {
        return server_for(hosts, valid);
    }
    pki::key_pair server_for(const std::vector<std::string>& hosts, pki::validity v) const
    {
        std::vector<penstock::host> parsed;
        for (const auto& h : hosts)
            parsed.push_back(*penstock::parse_host(h));
        return *pki::make_server(authority, parsed, v);
    }
    static const keys& get()
    {
        static const keys instance;
        return instance;
    }
};

inline tls::credentials credentials_of(const pki::key_pair& k)
{
    return {k.certificate_pem, k.key_pem, {}, {}};
}

inline tls::server_settings server_settings()
{
    tls::server_settings s;
    s.own = credentials_of(keys::get().server);
    return s;
}
inline tls::server_settings mutual(tls::client_certificate demand)
{
    auto s = server_settings();
    s.client_ca_pem = keys::get().authority.certificate_pem;
    s.client = demand;
    return s;
}
inline tls::client_settings client_settings()
{
    tls::client_settings s;
    s.ca_pem = keys::get().authority.certificate_pem;
    return s;
}

/// Two engines and what is under way between them.
struct pair {
    tls::engine client;
    tls::engine server;
    flat_buffer to_server;
    flat_buffer to_client;
    error_code client_failed;
    error_code server_failed;
    bool client_done = false;
    bool server_done = false;

    explicit pair(
        const tls::client_settings& c = client_settings(),
        const tls::server_settings& s = server_settings(),
        std::string_view name = "a.example"
    )
        : client(*tls::engine::client(**tls::context::make_client(c), name)),
          server(*tls::engine::server(**tls::context::make_server(s)))
    {
    }

    /// Hands at most `step` octets over at a time, until nothing is left or nobody goes on.
    void shake_hands(std::size_t step = std::numeric_limits<std::size_t>::max())
    {
        advance(client, to_server, client_done, client_failed);
        while (!to_server.empty() || !to_client.empty()) {
            if (!to_server.empty()) {
                const auto chunk = take(to_server, step);
                if (!server_failed && !server_done) {
                    server.feed(chunk);
                    advance(server, to_client, server_done, server_failed);
                }
            }
            if (!to_client.empty()) {
                const auto chunk = take(to_client, step);
                if (!client_failed && !client_done) {
                    client.feed(chunk);
                    advance(client, to_server, client_done, client_failed);
                } else if (!client_failed) {
                    octets plain(100);
                    client.feed(chunk);
                    if (const auto got = client.read(plain, to_server); !got)
                        client_failed = got.error();
                }
            }
        }
    }

    static octets take(flat_buffer& from, std::size_t step)
    {
        const auto count = std::min(step, from.size());
        octets chunk(from.view().begin(), from.view().begin() + static_cast<std::ptrdiff_t>(count));
        from.consume(count);
        return chunk;
    }

private:
    static void advance(tls::engine& e, flat_buffer& out, bool& done, error_code& failed)
    {
        const auto complete = e.handshake(out);
        if (!complete)
            failed = complete.error();
        else
            done = *complete;
    }
};

/// Reads all that `wire` holds, fed in steps; the error that ended it, if any.
inline error_code read_all(
    tls::engine& e,
    flat_buffer& wire,
    octets& into,
    flat_buffer& answer,
    std::size_t step = std::numeric_limits<std::size_t>::max(),
    std::size_t room_octets = 20'000
)
{
    octets room(room_octets);
    while (!wire.empty()) {
        const auto chunk = pair::take(wire, step);
        e.feed(chunk);
        for (;;) {
            const auto got = e.read(room, answer);
            if (!got)
                return got.error();
            if (*got == 0)
                break;
            into.insert(into.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*got));
        }
    }
    return {};
}

}  // namespace tls_test
