#pragma once

#include "options.hpp"

namespace bench {

/// Serves until SIGTERM or SIGINT, then prints what it has moved.
int serve(const options& o);

}  // namespace bench
