#pragma once

#include <penstock/io/descriptor.hpp>
#include <penstock/io/inherited_socket.hpp>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <sys/un.h>
#include <vector>

namespace penstock::io {

inline constexpr std::string_view hand_over_greeting = "penstock hand-over 1 ";
inline constexpr std::string_view hand_over_sockets = "sockets ";
inline constexpr std::string_view hand_over_refusal = "no ";
inline constexpr std::string_view hand_over_ready = "ready";
inline constexpr std::string_view hand_over_bye = "bye";

struct packet {
    std::string text;  ///< empty: the other side is gone
    std::vector<unique_descriptor> descriptors;
};

/// The address of a path that fits (hand_over_path_max).
[[nodiscard]] sockaddr_un address_of_path(const std::string& path) noexcept;

/// False: the other side is gone, or takes nothing.
[[nodiscard]] bool send_packet(
    int connection, std::string_view text, std::span<const shared_socket> sockets = {}
) noexcept;

/// Nothing: there is no packet now. One that is longer than it can be, or comes with more
/// descriptors than it may, reads as gone.
[[nodiscard]] std::optional<packet> receive_packet(int connection);

/// Waits for a packet; one without text if none comes in time.
[[nodiscard]] packet await_packet(int connection, std::chrono::milliseconds limit);

/// Who is at the other end (SO_PEERCRED), if it is a process of this user; else nothing, and `uid`
/// is whose it is.
[[nodiscard]] std::optional<pid_t> own_peer(int connection, uid_t& uid) noexcept;

}  // namespace penstock::io
