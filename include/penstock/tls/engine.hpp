#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/base/result.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace penstock::tls {

class context;

/// One TLS connection without a socket: ciphertext in and out of flat buffers, plaintext in and out of spans.
///
/// Order: client() or server(); then feed() and handshake() until it reports true; then feed(), read(), write();
/// at the end shutdown(). Whatever a call has to send is appended to `out`, for the caller to write to the socket.
/// OpenSSL takes all fed octets, so nothing stays borrowed after the read() or handshake() that follows a feed().
/// Idle, the engine holds no buffer of its own (SSL_MODE_RELEASE_BUFFERS).
class engine {
public:
    /// `server_name` is what the certificate must be for: a name (also sent as SNI) or a literal address (RFC 9525, RFC 6066).
    [[nodiscard]] static result<engine> client(const context& settings, std::string_view server_name);
    [[nodiscard]] static result<engine> server(const context& settings);

    engine(engine&&) noexcept;
    engine& operator=(engine&&) noexcept;
    ~engine();

    /// Lends ciphertext; it must stay valid until the next read() or handshake() has returned "not yet".
    void feed(byte_view ciphertext) noexcept;

    /// True when the handshake is complete, false when more input is needed.
    /// Errors: tls::errc with the reason in failure_detail().
    [[nodiscard]] result<bool> handshake(flat_buffer& out);

    /// Decrypts as much of what was fed as fits; 0: more input is needed. Call until 0.
    /// Errors: errc::closed after close_notify; others as handshake(). TCP EOF is the caller's to judge: without a
    /// prior errc::closed it is a truncation.
    [[nodiscard]] result<std::size_t> read(mutable_bytes plaintext, flat_buffer& out);

    /// Encrypts the whole batch.
    [[nodiscard]] error_code write(byte_view plaintext, flat_buffer& out);

    /// Appends close_notify.
    void shutdown(flat_buffer& out);

    [[nodiscard]] std::string alpn() const;         ///< protocol agreed on, empty without
    [[nodiscard]] std::string description() const;  ///< "TLSv1.3 TLS_AES_128_GCM_SHA256"
    [[nodiscard]] std::string failure_detail() const;  ///< what the last error was, one line for a person

    /// Peer certificate, verified: subject common name, SAN DNS names and mails, SHA-256 of the DER, days to expiry.
    struct peer_certificate;
    [[nodiscard]] std::unique_ptr<peer_certificate> peer() const;

private:
    struct state;
    explicit engine(std::unique_ptr<state> s) noexcept;
    std::unique_ptr<state> state_;
};

}  // namespace penstock::tls
