#pragma once

#include <penstock/base/result.hpp>
#include <penstock/tls/certificate.hpp>
#include <penstock/tls/error.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace penstock::tls {

/// Our own certificate and key: PEM text, or a PKCS#12 store. All empty: none.
struct credentials {
    std::string certificate_pem;  ///< the certificate first, intermediate ones behind it
    std::string key_pem;          ///< without a passphrase; may be in the same text
    octets p12;                   ///< used when certificate_pem is empty
    std::string p12_password;

    [[nodiscard]] bool empty() const noexcept
    {
        return certificate_pem.empty() && key_pem.empty() && p12.empty();
    }
};

/// Takes a line of the NSS key log format, without newline (SSLKEYLOGFILE). It is called on the
/// thread of whichever engine makes the keys, so it must be safe to call from several.
using keylog_sink = std::function<void(std::string_view line)>;

struct client_settings {
    credentials own;
    std::string ca_pem;  ///< whom to trust; empty: what the system trusts
    bool verify = true;  ///< false is for debugging only, and refused together with `own`
    keylog_sink keylog;
};

enum class client_certificate : std::uint8_t {
    unwanted,  ///< not asked for
    optional,  ///< asked for; one that does not verify ends the handshake, none does not
    required,
};

struct server_settings {
    credentials own;
    std::string client_ca_pem;  ///< whose client certificates to take
    client_certificate client = client_certificate::unwanted;
    keylog_sink keylog;
};

/// What many connections share: our certificate, whom we trust, versions and ciphers.
///
/// TLS 1.3 preferred, 1.2 the floor; AES-128-GCM first. ALPN is http/1.1 and nothing else, since
/// the upgrade to WebSocket exists only there. No session resumption: links live for hours, so it
/// would save nothing, and without it every link is checked against the certificates and
/// authorities that are in force now.
/// Immutable and safe to share between threads; an engine keeps what it needs of it alive.
class context {
public:
    /// Errors: tls::errc, first group.
    [[nodiscard]] static result<std::shared_ptr<const context>>
    make_client(const client_settings& settings);
    [[nodiscard]] static result<std::shared_ptr<const context>>
    make_server(const server_settings& settings);

    ~context();
    context(const context&) = delete;
    context& operator=(const context&) = delete;

    /// Our own certificate, if there is one; the caller compares its dates with the time of day.
    [[nodiscard]] const std::optional<certificate>& own() const noexcept;

    struct parts;  ///< of the engine's business
    [[nodiscard]] const std::shared_ptr<const parts>& shared_parts() const noexcept
    {
        return parts_;
    }

private:
    explicit context(std::shared_ptr<const parts> p) noexcept;
    std::shared_ptr<const parts> parts_;
};

}  // namespace penstock::tls
