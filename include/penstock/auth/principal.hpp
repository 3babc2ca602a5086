#pragma once

#include <cstdint>
#include <string>

namespace penstock::auth {

/// How a peer proved who it is.
enum class principal_kind : std::uint8_t { anonymous, certificate, token, password };

/// Who is at the other end, after authentication. Rules name it (`for NAME`), limits and logs count
/// by it.
struct principal {
    std::string name;  ///< empty exactly if anonymous
    principal_kind kind = principal_kind::anonymous;

    friend bool operator==(const principal&, const principal&) = default;
};

}  // namespace penstock::auth
