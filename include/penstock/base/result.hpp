#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace penstock {

using boost::system::error_code;

/// Either a value or an error_code; what every fallible, non-async function returns.
template <class T>
using result = boost::system::result<T>;

/// Borrowed read-only octets. The callee must not keep the view past the call.
using byte_view = std::span<const std::uint8_t>;

/// Borrowed octets that the callee may change in place.
using mutable_bytes = std::span<std::uint8_t>;

/// Owned octets.
using octets = std::vector<std::uint8_t>;

}  // namespace penstock
