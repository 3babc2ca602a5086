#pragma once

#include <stdexcept>

namespace penstock::config {

/// Wrong usage or configuration: exit status 2. what() is "CAUSE: DETAIL (what to do)", one line
/// without secrets.
class usage_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace penstock::config
