#pragma once

#include "support.hpp"

namespace transport_test {

/// dial() and accept() against each other.
struct both {
    transport::dial_outcome dialled;
    transport::accept_outcome accepted;

    explicit both(world& w)
    {
        auto a = w.start_accept();
        auto d = w.start_dial();
        dialled = get(std::move(d));
        accepted = get(std::move(a));
    }
};

}  // namespace transport_test
