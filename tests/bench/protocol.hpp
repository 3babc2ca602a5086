#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace bench {

using byte_view = std::span<const std::uint8_t>;

/// What the target does with a connection.
enum class job : std::uint8_t {
    echo = 'e',    ///< every octet comes back, until EOF
    source = 's',  ///< `octets` of them, then FIN; 0: for ever
    unread = 'u',  ///< a source that nobody will read, with a small send buffer
    sink = 'k',    ///< reads until EOF, then the number of octets read (u64, little endian) and FIN
    verify = 'v',  ///< `octets` pseudo-random ones while it reads until EOF, then digests of both,
                   ///< and FIN
};

/// The first octets of every connection.
struct request {
    job what = job::echo;
    std::uint64_t octets = 0;
    std::uint64_t seed = 0;
};
/// Of the sockets at both ends of an unread stream: a thousand of them would fill what the kernel
/// has for TCP (net.ipv4.tcp_mem), and measure that.
inline constexpr int unread_buffer_octets = 32 * 1024;

inline constexpr std::size_t request_octets = 25;  ///< "pbench1\n", job, octets, seed

[[nodiscard]] std::array<std::uint8_t, request_octets> encode(const request& r) noexcept;
[[nodiscard]] std::optional<request> decode(std::span<const std::uint8_t, request_octets> message
) noexcept;

/// A different endless sequence for each seed (splitmix64).
class random_octets {
public:
    explicit random_octets(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> out) noexcept;

private:
    std::uint64_t state_;
};

using digest = std::array<std::uint8_t, 32>;

/// SHA-256 of what passes by.
class hasher {
public:
    hasher();
    void add(byte_view octets);
    [[nodiscard]] digest finish();

private:
    struct free_context {
        void operator()(void* context) const noexcept;
    };
    std::unique_ptr<void, free_context> context_;
};

/// Pseudo-random octets on their way into a socket, hashed as they are made.
class random_sender {
public:
    random_sender(std::uint64_t seed, std::uint64_t octets) : random_(seed), unmade_(octets) {}

    /// Writes until the socket is full or all is out. False on an error of the socket.
    [[nodiscard]] bool write_some(int fd);
    [[nodiscard]] bool done() const noexcept { return unmade_ == 0 && begin_ == end_; }
    [[nodiscard]] digest finish() { return hash_.finish(); }

private:
    random_octets random_;
    hasher hash_;
    std::uint64_t unmade_;
    std::array<std::uint8_t, 16 * 1024> chunk_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// The end of a verify answer: what the target has received, and what it has sent.
struct digests {
    digest received;
    digest sent;
};

}  // namespace bench
