#pragma once

#include <penstock/io/descriptor.hpp>
#include <penstock/io/listen_address.hpp>

#include <optional>
#include <vector>

namespace penstock::io {

/// Sockets that a process takes from another one at most.
inline constexpr std::size_t inherited_sockets_max = 64;

/// A listening socket of ours that another process may have as well; borrowed from a listener.
struct shared_socket {
    int descriptor = -1;
    bool owns_path = false;  ///< whoever has it removes its name in the file system at the end
};

/// A listening socket that another process has made.
struct inherited_socket {
    unique_descriptor descriptor;
    listen_address address;  ///< as the kernel says
    bool owns_path = false;
};

/// Throws: listen_error if it is no listening TCP or unix stream socket.
[[nodiscard]] inherited_socket adopt(unique_descriptor descriptor, bool owns_path);

/// For each of `wanted` the socket that listens there, taken out of `offered`; one that was asked
/// for with port 0 gets what is left of its address. Nothing: it has to be bound.
[[nodiscard]] std::vector<std::optional<inherited_socket>>
take_wanted(const std::vector<listen_address>& wanted, std::vector<inherited_socket>& offered);

}  // namespace penstock::io
