// OpenSSL's error queue, put into words that a person can act upon.
#include <openssl/err.h>

#include "engine_state.hpp"
#include "read_certificate.hpp"

namespace penstock::tls {
namespace {

struct told {
    errc code;
    std::string detail;
};

/// The names of a certificate for a line of text; a certificate can hold hundreds.
std::string names_of(const certificate& c)
{
    constexpr std::size_t names_told_max = 3;
    std::string text;
    std::size_t count = 0;
    for (const auto* names : {&c.dns_names, &c.addresses})
        for (const auto& name : *names)
            if (++count <= names_told_max)
                text += (count > 1 ? ", \"" : "\"") + name + '"';
    if (count > names_told_max)
        text += " and " + std::to_string(count - names_told_max) + " more";
    return count > 0 ? text : "no name at all";
}

std::string date_of(std::chrono::system_clock::time_point at)
{
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(at));
    const auto two = [](unsigned n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::to_string(static_cast<int>(date.year())) + '-' +
           two(static_cast<unsigned>(date.month())) + '-' + two(static_cast<unsigned>(date.day()));
}

told tell_verify(int error, int depth, const certificate& refused, const std::string& wanted)
{
    const auto which = depth == 0 ? std::string("the certificate")
                                  : "the authority \"" + refused.common_name + '"';
    switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return {
            errc::wrong_host_name,
            "the certificate is for " + names_of(refused) + ", not \"" + wanted + '"'
        };
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return {errc::certificate_expired, which + " expired on " + date_of(refused.not_after)};
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return {
            errc::certificate_not_yet_valid,
            which + " is not valid before " + date_of(refused.not_before)
        };
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
        return {
            errc::unknown_ca,
            "the certificate is signed by \"" + refused.issuer_name +
                "\", which is not trusted here"
        };
    case X509_V_ERR_INVALID_PURPOSE:
        return {errc::wrong_purpose, which + " is not made for this purpose"};
    default:
        return {errc::certificate_rejected, which + ": " + X509_verify_cert_error_string(error)};
    }
}

/// An alert from the peer (RFC 8446 section 6.2).
told tell_alert(int alert, bool we_are_server, bool have_certificate)
{
    const std::string reason = SSL_alert_desc_string_long(alert);
    switch (alert) {
    case TLS13_AD_CERTIFICATE_REQUIRED:
        return {errc::peer_wants_certificate, "the server asks for a client certificate"};
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
        if (!have_certificate)
            break;
        return {
            errc::peer_refused_certificate,
            (we_are_server ? "the client refused the server certificate ("
                           : "the server refused the client certificate (") +
                reason + ')'
        };
    case SSL_AD_PROTOCOL_VERSION:
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY:
    case SSL_AD_NO_APPLICATION_PROTOCOL:
        return {errc::no_common_parameters, "the other side ended the handshake (" + reason + ')'};
    default:
        break;
    }
    return {errc::protocol_error, "the other side sent an alert (" + reason + ')'};
}

told tell_reason(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_UNKNOWN_PROTOCOL:
        return {errc::not_tls, "the other side does not speak TLS"};
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return {errc::certificate_required, "the client gave no certificate"};
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_APPLICATION_PROTOCOL:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
        break;
    default: {
        const auto* const text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
        return {errc::protocol_error, text != nullptr ? text : "TLS protocol error"};
    }
    }
    return {errc::no_common_parameters, ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason))};
}

}  // namespace

int on_verify(int ok, X509_STORE_CTX* store)
{
    if (ok == 1)
        return ok;
    auto* const ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* const s = static_cast<engine::state*>(SSL_get_app_data(ssl));
    if (s->verify_error == X509_V_OK) {
        s->verify_error = X509_STORE_CTX_get_error(store);
        s->verify_depth = X509_STORE_CTX_get_error_depth(store);
        if (const auto* const current = X509_STORE_CTX_get_current_cert(store))
            s->refused = read_certificate(current);
    }
    return ok;
}

error_code engine::state::fail(int ssl_error)
{
    // The first entry is the cause, later ones are where it passed through.
    const auto cause = ERR_peek_error();
    ERR_clear_error();
    told t{errc::internal_error, "OpenSSL failed"};
    if (ssl_error == SSL_ERROR_ZERO_RETURN) {
        t = {errc::closed, "the other side closed the TLS connection"};
    } else if (ssl_error == SSL_ERROR_SSL && ERR_GET_LIB(cause) == ERR_LIB_SSL) {
        const int reason = ERR_GET_REASON(cause);
        if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED)
            t = tell_verify(verify_error, verify_depth, refused, server_name);
        else if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255)
            t = tell_alert(
                reason - SSL_AD_REASON_OFFSET, shared->is_server, shared->own.has_value()
            );
        else
            t = tell_reason(reason);
    } else if (ssl_error == SSL_ERROR_SSL) {
        const auto* const text = ERR_reason_error_string(cause);
        t = {errc::protocol_error, text != nullptr ? text : "TLS protocol error"};
    }
    input = {};
    failure = t.code;
    failure_detail = std::move(t.detail);
    return failure;
}

}  // namespace penstock::tls
