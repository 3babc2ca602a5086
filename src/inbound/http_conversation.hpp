#pragma once

#include "session.hpp"

namespace penstock::inbound {

/// Serves requests until the connection ends or becomes a tunnel.
asio::awaitable<void> talk_http(session& s);

}  // namespace penstock::inbound
