#pragma once

#include <penstock/base/target.hpp>
#include <penstock/io/asio.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace penstock::transport {

struct handshake_limits {
    std::size_t half_open_max = 512;  ///< accepted, not yet upgraded (MUX.md 3.10)
    /// Of one IPv4 address or IPv6 /64: an office behind one address that comes back at once, and
    /// far from all of half_open_max. Loopback is exempt: it is a reverse proxy for many.
    std::size_t half_open_per_address_max = 64;
    std::size_t reports_per_second_max = 10;  ///< lines about rejected strangers
};

/// What all handshakes of a server share: how many there are, and how often failures are told.
/// The newest is refused, so a flood cannot push out those that came before it.
/// Thread safe: it is asked once a connection, not on the data path.
class handshake_gate {
public:
    explicit handshake_gate(handshake_limits limits = {}) noexcept : limits_(limits) {}

    using source = std::array<std::uint8_t, 17>;  ///< family and prefix

    /// A place in the gate; leaving it frees the place. Lifetime: the gate outlives it.
    class place {
    public:
        place(place&& other) noexcept
            : gate_(std::exchange(other.gate_, nullptr)), from_(other.from_)
        {
        }
        place& operator=(place&&) = delete;
        ~place() { leave(); }
        void leave() noexcept;

    private:
        friend class handshake_gate;
        place(handshake_gate& gate, std::optional<source> from) noexcept : gate_(&gate), from_(from)
        {
        }
        handshake_gate* gate_;
        std::optional<source> from_;
    };

    /// Nothing: too many already.
    [[nodiscard]] std::optional<place> enter(const ip_address& from);

    /// Whether to write a line about a rejection now; if so, how many were passed over before.
    [[nodiscard]] std::optional<std::uint64_t> may_report(io::clock::time_point now);

    [[nodiscard]] std::size_t half_open() const;

private:
    handshake_limits limits_;
    mutable std::mutex mutex_;
    std::size_t half_open_ = 0;
    std::map<source, std::size_t> by_source_;
    io::clock::time_point second_began_{};
    std::size_t reports_in_second_ = 0;
    std::uint64_t passed_over_ = 0;
};

}  // namespace penstock::transport
