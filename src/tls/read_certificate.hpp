#pragma once

#include <penstock/tls/certificate.hpp>

#include <string>

#include "openssl.hpp"

namespace penstock::tls {

[[nodiscard]] certificate read_certificate(const X509* from);

/// The common name of `name`, else its first part, for a line of text; "" if there is none.
[[nodiscard]] std::string display_name(const X509_NAME* name);

}  // namespace penstock::tls
