#include <penstock/mux/error.hpp>

#include <boost/system/error_category.hpp>

#include <string>

namespace penstock::mux {
namespace {

class mux_category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "penstock.mux"; }

    std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
        case errc::flow_control:
            return "flow control violation";
        case errc::protocol:
            return "protocol error";
        case errc::frame_too_large:
            return "frame payload exceeds the announced maximum";
        case errc::bad_state:
            return "frame not allowed in the state of its stream";
        case errc::enhance_your_calm:
            return "too many frames that achieve nothing";
        case errc::internal:
            return "internal error";
        }
        return "unrecognised mux error";
    }
};

}  // namespace

const boost::system::error_category& category() noexcept
{
    static const mux_category instance;
    return instance;
}

boost::system::error_code make_error_code(errc e) noexcept
{
    return {static_cast<int>(e), category()};
}

}  // namespace penstock::mux
