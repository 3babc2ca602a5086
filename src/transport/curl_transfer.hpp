#pragma once

#include <penstock/base/target.hpp>
#include <penstock/io/descriptor.hpp>
#include <penstock/transport/server_url.hpp>
#include <penstock/transport/upstream_proxy.hpp>

#include <array>
#include <atomic>
#include <mutex>
#include <string>

#include "libcurl.hpp"

namespace penstock::transport {

/// What came of a CONNECT.
struct connect_answer {
    enum class problem : std::uint8_t {
        none,
        no_library,  ///< libcurl is not installed
        not_http,    ///< what came is no HTTP, or more than heads should be
        endless,     ///< the page that comes with a refusal does not end
        other,       ///< `detail` has the library's words
    };

    io::unique_descriptor socket;  ///< connected to the server; else what follows
    unsigned status = 0;           ///< of the proxy's last answer; 0: there was none
    std::string reason;            ///< its words
    unsigned long offered = 0;     ///< ways to authenticate that the proxy knows (CURLAUTH_)
    problem why = problem::none;
    std::string detail;
};

/// One CONNECT (RFC 9110 section 9.3.6) with whatever authentication the proxy wants, on one
/// connection where the proxy keeps it: Basic (RFC 7617), Digest (RFC 7616), NTLM, or, where there
/// is no password, Negotiate (RFC 4559) with the ticket of whoever runs us. Nothing behind the
/// proxy's answer is read.
///
/// Executor: perform() blocks, and may do so in GSSAPI, which asks a Kerberos server;
/// interrupt() is for other threads.
class curl_transfer {
public:
    /// `address` is where `connected` leads; if the proxy hangs up after a 407, as some do, it is
    /// connected to once more.
    curl_transfer(
        const upstream_proxy& proxy,
        const server_url& server,
        const ip_address& address,
        io::unique_descriptor connected
    );

    [[nodiscard]] connect_answer perform();
    /// perform() returns soon, if it does not hang in GSSAPI.
    void interrupt() noexcept;

private:
    struct handles;

    bool prepare(handles& with);
    void run(handles& with);
    void read_result(handles& with, CURLcode result);

    bool hear(std::string_view line);
    static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
    static curl_socket_t on_open(void* self, curlsocktype purpose, curl_sockaddr* address);
    static int
    on_progress(void* self, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent);
    static int on_opened(void* self, curl_socket_t fd, curlsocktype purpose);

    const upstream_proxy proxy_;
    const server_url server_;
    const ip_address address_;
    io::unique_descriptor connected_;  ///< until libcurl asks for it
    bool opened_here_ = false;         ///< the socket that libcurl uses is our first one
    connect_answer answer_;
    std::size_t heard_octets_ = 0;
    std::size_t steps_ = 0;  ///< of libcurl
    bool head_begins_ = true;
    std::array<char, CURL_ERROR_SIZE> words_{};  ///< of libcurl, when something fails

    std::atomic<bool> interrupted_ = false;
    std::mutex mutex_;  ///< guards what follows
    CURLM* running_ = nullptr;
};

}  // namespace penstock::transport
