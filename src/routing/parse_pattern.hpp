#pragma once

#include <penstock/routing/rule_list.hpp>

#include <string_view>

namespace penstock::routing {

/// One PATTERN of a rule, without its port. Throws: rule_error.
[[nodiscard]] pattern parse_pattern(std::string_view text);

}  // namespace penstock::routing
