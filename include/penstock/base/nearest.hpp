#pragma once

#include <span>
#include <string_view>

namespace penstock {

/// The known word that a mistyped one was probably meant to be, for error texts; empty if none is
/// near.
///
/// Near: at most a third of the letters, but always one, inserted, removed, changed or swapped with
/// their neighbour.
[[nodiscard]] std::string_view
nearest(std::string_view word, std::span<const std::string_view> known) noexcept;

}  // namespace penstock
