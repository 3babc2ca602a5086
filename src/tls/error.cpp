#include <penstock/tls/error.hpp>

#include <boost/system/error_category.hpp>

#include <string>

namespace penstock::tls {
namespace {

const char* text_of(errc e) noexcept
{
    switch (e) {
    case errc::incomplete_credentials:
        return "certificate and key are needed together";
    case errc::bad_certificate:
        return "not a certificate in PEM form";
    case errc::bad_key:
        return "not a private key in PEM form";
    case errc::encrypted_key:
        return "the private key is protected by a passphrase; store it without one";
    case errc::key_mismatch:
        return "the private key does not belong to the certificate";
    case errc::weak_key:
        return "key or signature of the certificate is too weak for OpenSSL's security level";
    case errc::bad_ca:
        return "no certificate authority in PEM form";
    case errc::bad_p12:
        return "not a PKCS#12 store with a private key and its certificate";
    case errc::wrong_p12_password:
        return "wrong password for the PKCS#12 store";
    case errc::insecure_with_key:
        return "a client key must not be used with a server that is not verified";
    case errc::bad_server_name:
        return "the server name is neither a name nor an address";
    case errc::unknown_ca:
        return "the certificate is not signed by a trusted authority";
    case errc::certificate_expired:
        return "the certificate has expired";
    case errc::certificate_not_yet_valid:
        return "the certificate is not valid yet";
    case errc::wrong_host_name:
        return "the certificate is for another name";
    case errc::wrong_purpose:
        return "the certificate is not made for this purpose";
    case errc::certificate_rejected:
        return "the certificate was rejected";
    case errc::certificate_required:
        return "the client gave no certificate";
    case errc::peer_refused_certificate:
        return "the other side refused our certificate";
    case errc::peer_wants_certificate:
        return "the server asks for a client certificate";
    case errc::not_tls:
        return "the other side does not speak TLS";
    case errc::no_common_parameters:
        return "no TLS version, cipher or protocol in common";
    case errc::protocol_error:
        return "TLS protocol error";
    case errc::closed:
        return "the other side closed the TLS connection";
    case errc::internal_error:
        return "OpenSSL failed";
    }
    return "unrecognised TLS error";
}

class tls_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "penstock.tls"; }
    std::string message(int value) const override { return text_of(static_cast<errc>(value)); }
};

}  // namespace

const boost::system::error_category& category() noexcept
{
    static const tls_category instance;
    return instance;
}

error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

}  // namespace penstock::tls
