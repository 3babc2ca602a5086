#pragma once

#include <penstock/base/result.hpp>

namespace penstock::app {

/// Moves stdin to `socket` and `socket` to stdout until both directions are done, keeping
/// half-close: EOF on stdin becomes a FIN, a FIN closes stdout. `early` came from the socket
/// already and is written first.
///
/// stdin and stdout may be pipes, files, terminals or sockets, and stay in the mode in which they
/// are: they are often shared with the program that started us, so O_NONBLOCK may not be set on
/// them. Throws: run_error if the connection broke or stdout cannot be written.
void relay_stdio(int socket, octets early);

}  // namespace penstock::app
