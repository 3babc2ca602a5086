#pragma once

#include <penstock/io/descriptor.hpp>
#include <penstock/io/inherited_socket.hpp>
#include <penstock/io/listen_address.hpp>

#include <optional>

namespace penstock::io {

struct bound_socket {
    unique_descriptor descriptor;
    int family = 0;
    listen_address address;  ///< as bound
    std::optional<unix_socket_path> path;
};

/// The same of a socket that another process has bound.
[[nodiscard]] bound_socket take_over(inherited_socket inherited);

/// A listening, non-blocking socket that nobody else listens on. Throws: listen_error.
[[nodiscard]] bound_socket bind_exclusively(const listen_address& address, int backlog);

}  // namespace penstock::io
