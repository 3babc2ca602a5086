#include "handshake.hpp"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <string_view>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t http_response_octets_max = 8192;

/// RFC 1928 section 4. Addresses go as addresses, everything else as a name.
std::vector<std::uint8_t> socks_request(const std::string& target)
{
    std::vector<std::uint8_t> message{5, 1, 0};
    const auto colon = target.rfind(':');
    auto host = target.substr(0, colon);
    if (host.starts_with('['))
        host = host.substr(1, host.size() - 2);
    std::array<std::uint8_t, 16> address;
    if (::inet_pton(AF_INET, host.c_str(), address.data()) == 1) {
        message.push_back(1);
        message.insert(message.end(), address.begin(), address.begin() + 4);
    } else if (::inet_pton(AF_INET6, host.c_str(), address.data()) == 1) {
        message.push_back(4);
        message.insert(message.end(), address.begin(), address.end());
    } else {
        message.push_back(3);
        message.push_back(static_cast<std::uint8_t>(host.size()));
        message.insert(message.end(), host.begin(), host.end());
    }
    const auto port = std::stoul(target.substr(colon + 1));
    message.push_back(static_cast<std::uint8_t>(port >> 8));
    message.push_back(static_cast<std::uint8_t>(port));
    return message;
}

std::vector<std::uint8_t> http_request(const std::string& target)
{
    const auto text = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n\r\n";
    return {text.begin(), text.end()};
}

}  // namespace

handshake::handshake(proxy_kind kind, const std::string& target) : target_(target)
{
    switch (kind) {
    case proxy_kind::none:
        step_ = step::done;
        break;
    case proxy_kind::socks5:
        step_ = step::method;
        output_ = {5, 1, 0};
        break;
    case proxy_kind::http:
        step_ = step::http_response;
        output_ = http_request(target);
        break;
    }
}

std::vector<std::uint8_t> handshake::poll_output() { return std::exchange(output_, {}); }

void handshake::handle(byte_view octets)
{
    answer_.insert(answer_.end(), octets.begin(), octets.end());
    if (step_ == step::method)
        handle_method();
    else if (step_ == step::reply)
        handle_reply();
    else if (step_ == step::http_response)
        handle_http_response();
}

void handshake::handle_method()
{
    if (answer_.size() < 2)
        return;
    if (answer_.size() > 2 || answer_[0] != 5 || answer_[1] != 0) {
        problem_ = "SOCKS: no method accepted";
        return;
    }
    answer_.clear();
    output_ = socks_request(target_);
    step_ = step::reply;
}

void handshake::handle_reply()
{
    if (answer_.size() < 5)
        return;
    if (answer_[1] != 0) {
        problem_ = "SOCKS: reply " + std::to_string(answer_[1]);
        return;
    }
    // The length of the bound address depends on its type; its first octet may be a length itself.
    const std::size_t octets = answer_[3] == 1 ? 10 : answer_[3] == 4 ? 22 : 7u + answer_[4];
    if (answer_.size() >= octets)
        finish(octets);
}

void handshake::handle_http_response()
{
    const std::string_view text(reinterpret_cast<const char*>(answer_.data()), answer_.size());
    const auto end = text.find("\r\n\r\n");
    if (end == text.npos) {
        if (text.size() > http_response_octets_max)
            problem_ = "HTTP: the response does not end";
        return;
    }
    constexpr std::string_view version = "HTTP/1.1 ";
    const auto status = text.substr(0, text.find('\r'));
    if (!status.starts_with("HTTP/1.") || status.substr(version.size(), 1) != "2")
        problem_ = "HTTP: " + std::string(status);
    else
        finish(end + 4);
}

void handshake::finish(std::size_t answer_octets)
{
    // The target says nothing before it is asked.
    if (answer_.size() != answer_octets)
        problem_ = "the proxy sent octets of its own";
    step_ = step::done;
    std::vector<std::uint8_t>().swap(answer_);
}

}  // namespace bench
