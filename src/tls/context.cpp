#include <penstock/tls/context.hpp>

#include <openssl/err.h>

#include <array>
#include <utility>

#include "context_parts.hpp"
#include "credentials.hpp"
#include "read_certificate.hpp"

namespace penstock::tls {
namespace {

using parts_ptr = std::shared_ptr<context::parts>;

/// AES-128-GCM first: with AES instructions it is the cheapest, and 128 bits are enough. OpenSSL's
/// own order puts AES-256 first.
constexpr auto* ciphers_13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr auto* ciphers_12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                             "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
                             "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/// Wire: RFC 7301 section 3.1, a list of length-prefixed names.
constexpr std::array<std::uint8_t, 9> alpn_http11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// The largest chain that a peer may make us hold; OpenSSL's own limit is 100 KiB.
constexpr long peer_chain_octets_max = 32 * 1024;

void on_keylog(const SSL* ssl, const char* line)
{
    const auto* const p =
        static_cast<const context::parts*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    p->keylog(line);
}

int on_alpn(
    SSL* /*ssl*/,
    const unsigned char** out,
    unsigned char* out_length,
    const unsigned char* offered,
    unsigned offered_length,
    void* /*unused*/
)
{
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(
        &chosen, out_length, alpn_http11.data(), alpn_http11.size(), offered, offered_length
    );
    if (found != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

result<parts_ptr> make_parts(const SSL_METHOD* method, const keylog_sink& keylog)
{
    auto p = std::make_shared<context::parts>();
    p->ctx.reset(SSL_CTX_new(method));
    auto* const ctx = p->ctx.get();
    if (ctx == nullptr || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(ctx, ciphers_13) != 1 ||
        SSL_CTX_set_cipher_list(ctx, ciphers_12) != 1) {
        ERR_clear_error();
        return errc::internal_error;
    }
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(
        ctx,
        SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
            SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA
    );
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ctx, peer_chain_octets_max);
    p->keylog = keylog;
    if (p->keylog) {
        SSL_CTX_set_app_data(ctx, p.get());
        SSL_CTX_set_keylog_callback(ctx, on_keylog);
    }
    return p;
}

error_code use_identity(context::parts& p, const credentials& own)
{
    auto id = read_identity(own);
    if (!id)
        return id.error();
    if (SSL_CTX_use_certificate(p.ctx.get(), id->certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(p.ctx.get(), id->key.get()) != 1) {
        ERR_clear_error();
        return errc::weak_key;
    }
    for (const auto& link : id->chain)
        if (SSL_CTX_add1_chain_cert(p.ctx.get(), link.get()) != 1) {
            ERR_clear_error();
            return errc::weak_key;
        }
    p.own = read_certificate(id->certificate.get());
    return {};
}

/// Trusts what is in `pem`; `tell_clients` also names them in the request for a certificate.
error_code trust(SSL_CTX* ctx, std::string_view pem, bool tell_clients)
{
    const auto authorities = read_certificates(pem, errc::bad_ca);
    if (!authorities)
        return authorities.error();
    for (const auto& authority : *authorities) {
        const bool added = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority.get()) == 1 &&
                           (!tell_clients || SSL_CTX_add_client_CA(ctx, authority.get()) == 1);
        ERR_clear_error();
        if (!added)
            return errc::bad_ca;
    }
    return {};
}

}  // namespace

context::context(std::shared_ptr<const parts> p) noexcept : parts_(std::move(p)) {}
context::~context() = default;

const std::optional<certificate>& context::own() const noexcept { return parts_->own; }

result<std::shared_ptr<const context>> context::make_client(const client_settings& settings)
{
    if (!settings.verify && !settings.own.empty())
        return errc::insecure_with_key;
    auto made = make_parts(TLS_client_method(), settings.keylog);
    if (!made)
        return made.error();
    const auto& p = *made;
    auto* const ctx = p->ctx.get();

    if (!settings.own.empty())
        if (const auto ec = use_identity(*p, settings.own); ec)
            return ec;
    if (settings.ca_pem.empty())
        SSL_CTX_set_default_verify_paths(ctx);
    else if (const auto ec = trust(ctx, settings.ca_pem, false); ec)
        return ec;
    SSL_CTX_set_verify(ctx, settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (SSL_CTX_set_alpn_protos(ctx, alpn_http11.data(), alpn_http11.size()) != 0)
        return errc::internal_error;
    return std::shared_ptr<const context>(new context(p));
}

result<std::shared_ptr<const context>> context::make_server(const server_settings& settings)
{
    auto made = make_parts(TLS_server_method(), settings.keylog);
    if (!made)
        return made.error();
    const auto& p = *made;
    auto* const ctx = p->ctx.get();
    p->is_server = true;

    if (const auto ec = use_identity(*p, settings.own); ec)
        return ec;
    int mode = SSL_VERIFY_NONE;
    if (settings.client != client_certificate::unwanted) {
        if (const auto ec = trust(ctx, settings.client_ca_pem, true); ec)
            return ec;
        mode = SSL_VERIFY_PEER;
        if (settings.client == client_certificate::required)
            mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    SSL_CTX_set_verify(ctx, mode, nullptr);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, nullptr);
    return std::shared_ptr<const context>(new context(p));
}

}  // namespace penstock::tls
