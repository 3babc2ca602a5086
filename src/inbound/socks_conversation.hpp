#pragma once

#include "session.hpp"

namespace penstock::inbound {

/// Everything from the greeting to the reply; on success the client is attached to its stream.
asio::awaitable<void> talk_socks(session& s);

}  // namespace penstock::inbound
