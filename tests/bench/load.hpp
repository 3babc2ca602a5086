#pragma once

#include "options.hpp"

namespace bench {

/// Runs the mode named by the command and prints its JSON lines; 0 if every stream went well.
int load(const options& o);

}  // namespace bench
