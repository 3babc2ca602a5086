#include <penstock/pki/pki.hpp>

#include <boost/system/error_category.hpp>

namespace penstock::pki {
namespace {

class pki_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "penstock.pki"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
        case errc::bad_name:
            return "the name must have 1 to 64 printable characters, and a host must be a name or "
                   "address";
        case errc::no_host:
            return "a server certificate needs at least one name or address";
        case errc::bad_validity:
            return "the certificate would end before it begins";
        case errc::bad_authority:
            return "certificate or key is not readable PEM text";
        case errc::key_mismatch:
            return "the private key does not belong to the certificate";
        case errc::empty_password:
            return "a PKCS#12 store needs a password";
        case errc::internal_error:
            return "OpenSSL failed to make a key or certificate";
        }
        return "unrecognised pki error";
    }
};

}  // namespace

const boost::system::error_category& category() noexcept
{
    static const pki_category instance;
    return instance;
}

error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), category()}; }

}  // namespace penstock::pki
