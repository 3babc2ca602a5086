#include <boost/assert.hpp>

#include <algorithm>
#include <cstring>

#include "engine_state.hpp"

namespace penstock::tls {
namespace {

int on_read(BIO* bio, char* into, std::size_t wanted, std::size_t* taken)
{
    auto& input = static_cast<engine::state*>(BIO_get_data(bio))->input;
    BIO_clear_retry_flags(bio);
    if (input.empty()) {
        BIO_set_retry_read(bio);
        return 0;
    }
    *taken = std::min(wanted, input.size());
    std::memcpy(into, input.data(), *taken);  // copy_n to char* would go octet by octet
    input = input.subspan(*taken);
    return 1;
}

int on_write(BIO* bio, const char* from, std::size_t count, std::size_t* written)
{
    auto* const output = static_cast<engine::state*>(BIO_get_data(bio))->output;
    BOOST_ASSERT(output != nullptr);
    BIO_clear_retry_flags(bio);
    output->append({reinterpret_cast<const std::uint8_t*>(from), count});
    *written = count;
    return 1;
}

long on_control(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/)
{
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/// Made once and kept for the life of the process.
BIO_METHOD* method()
{
    static BIO_METHOD* const instance = [] {
        auto* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "penstock");
        if (made != nullptr) {
            BIO_meth_set_read_ex(made, on_read);
            BIO_meth_set_write_ex(made, on_write);
            BIO_meth_set_ctrl(made, on_control);
        }
        return made;
    }();
    return instance;
}

}  // namespace

BIO* engine::state::make_bio(state* owner)
{
    BIO* const bio = method() != nullptr ? BIO_new(method()) : nullptr;
    if (bio != nullptr) {
        BIO_set_data(bio, owner);
        BIO_set_init(bio, 1);
    }
    return bio;
}

}  // namespace penstock::tls
