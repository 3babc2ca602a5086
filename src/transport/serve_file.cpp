#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "visit.hpp"

namespace penstock::transport {
namespace {

namespace asio = io::asio;
namespace fs = std::filesystem;

constexpr std::size_t chunk_octets = 64 * 1024;

struct media_type {
    std::string_view extension;
    std::string_view type;
};
constexpr media_type media_types[] = {
    {".html", "text/html; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".ico", "image/vnd.microsoft.icon"},
    {".woff2", "font/woff2"},
};

std::string_view type_of(const fs::path& file)
{
    const auto extension = file.extension().string();
    const auto* const row = std::ranges::find(media_types, extension, &media_type::extension);
    return row == std::end(media_types) ? "application/octet-stream" : row->type;
}

int hex_digit(char c) noexcept
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/// The path of a request target, decoded; nothing if it is not in origin-form or holds a control.
std::optional<std::string> decode_path(std::string_view target)
{
    target = target.substr(0, target.find('?'));
    if (!target.starts_with('/'))
        return std::nullopt;
    std::string out;
    for (std::size_t i = 0; i < target.size(); ++i) {
        auto c = target[i];
        if (c == '%') {
            const int high = i + 2 < target.size() ? hex_digit(target[i + 1]) : -1;
            const int low = i + 2 < target.size() ? hex_digit(target[i + 2]) : -1;
            if (high < 0 || low < 0)
                return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return std::nullopt;
        out += c;
    }
    return out;
}

bool is_below(const fs::path& file, const fs::path& root)
{
    return std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first == root.end();
}

/// The file that `target` names, if it is a regular one and really below `folder`.
std::optional<fs::path> find_file(const fs::path& folder, std::string_view target)
{
    const auto wanted = decode_path(target);
    if (!wanted || wanted->find("/.") != std::string::npos)  // hidden files, "." and ".."
        return std::nullopt;
    std::error_code ec;
    const auto root = fs::canonical(folder, ec);
    if (ec)
        return std::nullopt;
    auto file = root / fs::path(*wanted).relative_path();
    if (fs::is_directory(file, ec))
        file /= "index.html";
    file = fs::canonical(file, ec);  // follows links, so that the next line sees where they lead
    if (ec || !is_below(file, root) || !fs::is_regular_file(file, ec))
        return std::nullopt;
    return file;
}

std::string encode_file_head(std::string_view type, std::uintmax_t octets)
{
    std::string out = "HTTP/1.1 200 OK\r\nContent-Type: ";
    out.append(type).append("\r\nContent-Length: ").append(std::to_string(octets));
    return out.append("\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n");
}

byte_view as_octets(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

// Files are read on the connection's thread: this is for a small page that makes the server look
// like any other, not for a busy web site.
asio::awaitable<void>
serve_file(channel& client, const static_folder& from, const http::request_head& request)
{
    const bool head_only = request.method == "HEAD";
    if (request.method != "GET" && !head_only) {
        const auto refusal = encode_answer("405 Method Not Allowed", "method not allowed\n");
        co_await client.write(as_octets(refusal));
        co_return;
    }
    const auto path = find_file(from.path, request.target);
    std::ifstream file;
    std::error_code ec;
    const auto size = path ? fs::file_size(*path, ec) : 0;
    if (path && !ec)
        file.open(*path, std::ios::binary);
    if (!file.is_open()) {
        const auto refusal = encode_answer("404 Not Found", "not found\n", head_only);
        co_await client.write(as_octets(refusal));
        co_return;
    }
    const auto head = encode_file_head(type_of(*path), size);
    if (co_await client.write(as_octets(head)) || head_only)
        co_return;
    // Exactly what was promised, also if the file grows or shrinks meanwhile.
    std::string chunk(chunk_octets, '\0');
    for (auto left = size; left > 0;) {
        const auto wanted = std::min<std::uintmax_t>(left, chunk.size());
        file.read(chunk.data(), static_cast<std::streamsize>(wanted));
        const auto got = static_cast<std::size_t>(file.gcount());
        if (got == 0 || co_await client.write(as_octets(std::string_view(chunk).substr(0, got))))
            co_return;
        left -= got;
    }
}

}  // namespace penstock::transport
