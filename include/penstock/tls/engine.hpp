#pragma once

#include <penstock/base/flat_buffer.hpp>
#include <penstock/base/result.hpp>
#include <penstock/tls/certificate.hpp>
#include <penstock/tls/error.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::tls {

class context;

/// One TLS connection without a socket: ciphertext in and out of flat buffers, plaintext in and
/// out of spans.
///
/// Order: client() or server(); then feed() and handshake() until it reports true; then feed(),
/// read(), write(); at the end shutdown(). Whatever a call has to send is appended to `out`, for
/// the caller to write to the socket; that holds for a failed call too, which leaves an alert.
/// OpenSSL takes all fed octets, so nothing stays borrowed once read() or handshake() has said
/// "not yet". A handshake that ends may leave fed octets for read().
/// Idle, the engine holds no buffer of its own (SSL_MODE_RELEASE_BUFFERS).
class engine {
public:
    /// `server_name` is what the certificate must be for: a name (also sent as SNI) or a literal
    /// address (RFC 9525, RFC 6066). Only subject alternative names count.
    [[nodiscard]] static result<engine>
    client(const context& settings, std::string_view server_name);
    [[nodiscard]] static result<engine> server(const context& settings);

    engine(engine&&) noexcept;
    engine& operator=(engine&&) noexcept;
    ~engine();

    /// Lends ciphertext; it must stay valid until the next read() or handshake() has returned
    /// "not yet". Not before what was fed earlier is used up.
    void feed(byte_view ciphertext) noexcept;

    /// True when the handshake is complete, false when more input is needed.
    /// Errors: tls::errc with the reason in failure_detail(); again on each later call.
    [[nodiscard]] result<bool> handshake(flat_buffer& out);

    /// Decrypts as much of what was fed as fits; 0: more input is needed. Call until 0.
    ///
    /// Errors: errc::closed after close_notify; others as handshake(). The end of TCP is the
    /// caller's to judge: without a prior errc::closed it is a truncation. With TLS 1.3 a server
    /// that does not like our certificate says so here, after our handshake has succeeded.
    [[nodiscard]] result<std::size_t> read(mutable_bytes plaintext, flat_buffer& out);

    /// Encrypts the whole batch.
    [[nodiscard]] error_code write(byte_view plaintext, flat_buffer& out);

    /// Appends close_notify, if the handshake was complete and nothing failed.
    void shutdown(flat_buffer& out);

    [[nodiscard]] std::string alpn() const;            ///< protocol agreed on, empty without
    [[nodiscard]] std::string description() const;     ///< "TLSv1.3 TLS_AES_128_GCM_SHA256"
    [[nodiscard]] std::string failure_detail() const;  ///< the last error, one line for a person

    /// The peer's certificate, if it gave one and it was verified.
    [[nodiscard]] std::optional<certificate> peer() const;

    /// After errc::wrong_host_name: a name that the certificate is for, empty if it has none.
    [[nodiscard]] std::string offered_name() const;

    struct state;  ///< the layer's own business

private:
    explicit engine(std::unique_ptr<state> s) noexcept;
    [[nodiscard]] static std::unique_ptr<state> make_state(const context& settings);
    std::unique_ptr<state> state_;
};

}  // namespace penstock::tls
