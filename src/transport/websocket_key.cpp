#include <penstock/auth/secret.hpp>
#include <penstock/transport/upgrade.hpp>

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace penstock::transport {
namespace {

std::string to_base64(byte_view in)
{
    std::string out(4 * ((in.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock ends it with a zero
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()), in.data(), static_cast<int>(in.size())
    );
    out.resize(static_cast<std::size_t>(length));
    return out;
}

}  // namespace

std::string websocket_accept(std::string_view key)
{
    const auto text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<std::uint8_t, 20> hash{};
    if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha1(), nullptr) != 1)
        throw std::runtime_error("OpenSSL provides no SHA-1, which WebSocket needs");
    return to_base64(hash);
}

std::string make_websocket_key()
{
    std::array<std::uint8_t, 16> nonce{};
    auth::fill_random(nonce);
    return to_base64(nonce);
}

}  // namespace penstock::transport
