#pragma once

#include <cstdio>
#include <cstdlib>

/// What must hold for every input; a fuzzer takes the abort for a find.
#define PENSTOCK_REQUIRE(condition)                                                                \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            std::fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);     \
            std::abort();                                                                          \
        }                                                                                          \
    } while (false)
