#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace penstock::tls {

/// What is of use in a certificate. Names are as the issuer wrote them, without control octets.
struct certificate {
    std::string common_name;
    std::string issuer_name;  ///< common name of the issuer
    std::vector<std::string> dns_names;
    std::vector<std::string> addresses;
    std::vector<std::string> mails;
    std::array<std::uint8_t, 32> sha256{};  ///< of the DER encoding
    std::chrono::system_clock::time_point not_before;
    std::chrono::system_clock::time_point not_after;
};

}  // namespace penstock::tls
