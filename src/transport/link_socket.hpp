#pragma once

#include <penstock/io/asio.hpp>

#include <string>

namespace penstock::transport {

/// Sets what a link needs of its socket; what the kernel does not know or allow is left as it is.
/// `congestion` "auto": BBR, but not to this machine, where it makes rates swing; "": unchanged.
void tune_link_socket(io::tcp::socket& socket, const std::string& congestion) noexcept;

}  // namespace penstock::transport
