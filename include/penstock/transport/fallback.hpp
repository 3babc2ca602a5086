#pragma once

#include <penstock/base/result.hpp>
#include <penstock/io/asio.hpp>

#include <string>
#include <string_view>
#include <variant>

namespace penstock::transport {

/// What strangers get: HTTP requests that are not for us.
struct not_found {};  ///< a plain 404
struct static_folder {
    std::string path;  ///< files below it, read only
};
struct reverse_proxy {
    io::tcp::endpoint to;  ///< an HTTP server, usually on this machine
};
using fallback = std::variant<not_found, static_folder, reverse_proxy>;

/// Reads "404", "http://127.0.0.1:8080" (an address, no path), or the path of a folder.
/// Errors: std::errc::invalid_argument for another URL or nothing.
[[nodiscard]] result<fallback> parse_fallback(std::string_view text);

}  // namespace penstock::transport
