#pragma once

#include <penstock/io/inherited_socket.hpp>

#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace penstock::app {

/// The listening sockets that a service manager has made for us: sd_listen_fds(3), that is
/// LISTEN_FDS of them from descriptor 3 on, if LISTEN_PID is our number. Call it once, before
/// anything else is opened. Throws: config::usage_error for what is no listening socket.
[[nodiscard]] std::vector<io::inherited_socket> activated_sockets();

/// Tells the service manager, if there is one that listens (sd_notify(3), NOTIFY_SOCKET): lines
/// such as "READY=1". Waits for a while if it is busy. A service that cannot tell works all the
/// same.
void notify_service_manager(std::string_view lines) noexcept;

/// "READY=1", and which process is the main one now.
[[nodiscard]] std::string ready_lines(pid_t main_process);

}  // namespace penstock::app
