#pragma once

#include <penstock/base/result.hpp>

#include <boost/test/data/monomorphic.hpp>

#include <cstddef>
#include <string_view>

namespace penstock::http::test {

namespace data = boost::unit_test::data;

inline byte_view bytes(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view text(byte_view octets)
{
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

inline const auto pieces =
    data::make({std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{1} << 20});

}  // namespace penstock::http::test
