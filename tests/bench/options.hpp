#pragma once

#include <cstdint>
#include <string>
#include <sys/socket.h>

namespace bench {

struct endpoint {
    sockaddr_storage storage{};
    socklen_t size = 0;

    [[nodiscard]] const sockaddr* address() const noexcept
    {
        return reinterpret_cast<const sockaddr*>(&storage);
    }
    [[nodiscard]] sockaddr* address() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

/// "127.0.0.1:80" or "[::1]:80"; the program ends if it is neither.
[[nodiscard]] endpoint parse_endpoint(const std::string& text);
[[nodiscard]] std::string to_string(const endpoint& e);

enum class proxy_kind : std::uint8_t { none, socks5, http };

struct proxy {
    proxy_kind kind = proxy_kind::none;
    endpoint where;
};

struct options {
    std::string command;  ///< target, down, up, connect, latency, idle, stall, verify
    std::string listen = "127.0.0.1:0";
    std::string target;        ///< HOST:PORT; a name is left to the proxy
    proxy via;                 ///< none: straight to the target
    unsigned streams = 1;      ///< at the same time
    std::uint64_t octets = 0;  ///< for each stream; 0: no end
    double rate = 0;           ///< octets a second that each stream reads; 0: as fast as it can
    double seconds = 0;        ///< instead of octets or a count
    std::uint64_t count = 0;   ///< connections, or exchanges on each stream
    std::uint64_t seed = 1;
    double timeout_s = 300;  ///< then the run has failed
};

/// Reads the command line; wrong usage ends the program with status 2.
[[nodiscard]] options parse_options(int argc, char** argv);

}  // namespace bench
