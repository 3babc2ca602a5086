#pragma once

#include <penstock/base/target.hpp>

#include <vector>

namespace penstock::net {

/// The addresses of this machine's interfaces at this moment; empty if the system does not tell.
[[nodiscard]] std::vector<ip_address> local_addresses();

}  // namespace penstock::net
