#pragma once

#include <penstock/io/asio.hpp>

#include <string>

namespace penstock::transport {

struct link_congestion {
    std::string name;    ///< of the congestion control in force: "bbr", "cubic"
    bool paced = false;  ///< keeps its rate though segments are lost by chance: BBR does, others
                         ///< halve theirs each time
};

/// Sets what a link needs of its socket; what the kernel does not know or allow is left as it is.
/// `congestion` "auto": BBR, but not to this machine, where it makes rates swing and where nothing
/// is lost; "": unchanged.
link_congestion tune_link_socket(io::tcp::socket& socket, const std::string& congestion);

}  // namespace penstock::transport
