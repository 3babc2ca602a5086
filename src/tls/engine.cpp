#include <penstock/base/target.hpp>
#include <penstock/tls/engine.hpp>

#include <boost/assert.hpp>
#include <openssl/err.h>

#include <utility>

#include "engine_state.hpp"
#include "read_certificate.hpp"

namespace penstock::tls {
namespace {

/// A record of 16 KiB grows by at most 5 octets of header, 8 of nonce, 1 of type, 16 of tag.
constexpr std::size_t record_octets_max = 16 * 1024;
constexpr std::size_t record_overhead_octets = 32;

/// SNI for a name, and what the certificate must be for (RFC 9525: the common name never counts).
bool want_server(SSL* ssl, const host& server)
{
    X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
    if (const auto* const address = std::get_if<ip_address>(&server))
        return X509_VERIFY_PARAM_set1_ip_asc(wanted, address->to_string().c_str()) == 1;

    const auto& name = std::get<std::string>(server);
    X509_VERIFY_PARAM_set_hostflags(
        wanted, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
    );
    return SSL_set_tlsext_host_name(ssl, name.c_str()) == 1 &&
           X509_VERIFY_PARAM_set1_host(wanted, name.data(), name.size()) == 1;
}

}  // namespace

engine::engine(std::unique_ptr<state> s) noexcept : state_(std::move(s)) {}
engine::engine(engine&&) noexcept = default;
engine& engine::operator=(engine&&) noexcept = default;
engine::~engine() = default;

std::unique_ptr<engine::state> engine::make_state(const context& settings)
{
    auto s = std::make_unique<state>();
    s->shared = settings.shared_parts();
    s->ssl.reset(SSL_new(s->shared->ctx.get()));
    BIO* const bio = s->ssl ? state::make_bio(s.get()) : nullptr;
    ERR_clear_error();
    if (bio == nullptr)
        return nullptr;
    SSL_set_bio(s->ssl.get(), bio, bio);
    SSL_set_app_data(s->ssl.get(), s.get());
    SSL_set_verify(s->ssl.get(), SSL_get_verify_mode(s->ssl.get()), on_verify);
    return s;
}

result<engine> engine::client(const context& settings, std::string_view server_name)
{
    BOOST_ASSERT(!settings.shared_parts()->is_server);
    const auto server = parse_host(server_name);
    if (!server)
        return errc::bad_server_name;
    auto s = make_state(settings);
    if (!s || !want_server(s->ssl.get(), *server))
        return errc::internal_error;
    s->server_name = to_string(*server);
    SSL_set_connect_state(s->ssl.get());
    return engine(std::move(s));
}

result<engine> engine::server(const context& settings)
{
    BOOST_ASSERT(settings.shared_parts()->is_server);
    auto s = make_state(settings);
    if (!s)
        return errc::internal_error;
    SSL_set_accept_state(s->ssl.get());
    return engine(std::move(s));
}

void engine::feed(byte_view ciphertext) noexcept
{
    BOOST_ASSERT(state_->input.empty());
    state_->input = ciphertext;
}

result<bool> engine::handshake(flat_buffer& out)
{
    auto& s = *state_;
    if (s.failure)
        return {boost::system::in_place_error, s.failure};
    s.output = &out;
    ERR_clear_error();
    if (SSL_do_handshake(s.ssl.get()) == 1)
        return true;
    const int error = SSL_get_error(s.ssl.get(), 0);
    if (error == SSL_ERROR_WANT_READ)
        return false;
    return {boost::system::in_place_error, s.fail(error)};
}

result<std::size_t> engine::read(mutable_bytes plaintext, flat_buffer& out)
{
    auto& s = *state_;
    if (s.failure)
        return s.failure;
    s.output = &out;
    ERR_clear_error();
    // OpenSSL hands out one record at a time.
    std::size_t total = 0;
    while (total < plaintext.size()) {
        std::size_t got = 0;
        const auto room = plaintext.subspan(total);
        if (SSL_read_ex(s.ssl.get(), room.data(), room.size(), &got) == 1) {
            total += got;
            continue;
        }
        const int error = SSL_get_error(s.ssl.get(), 0);
        if (error == SSL_ERROR_WANT_READ)
            break;
        // What came before the failure is good; the failure is told by the next call.
        s.fail(error);
        if (total == 0)
            return s.failure;
        break;
    }
    return total;
}

error_code engine::write(byte_view plaintext, flat_buffer& out)
{
    auto& s = *state_;
    if (s.failure && s.failure != errc::closed)  // the peer's half alone is closed
        return s.failure;
    if (plaintext.empty())
        return {};
    s.output = &out;
    ERR_clear_error();
    const auto records = plaintext.size() / record_octets_max + 1;
    static_cast<void>(out.prepare(plaintext.size() + records * record_overhead_octets));
    std::size_t written = 0;
    if (SSL_write_ex(s.ssl.get(), plaintext.data(), plaintext.size(), &written) != 1)
        return s.fail(SSL_get_error(s.ssl.get(), 0));
    return {};
}

void engine::shutdown(flat_buffer& out)
{
    auto& s = *state_;
    if (SSL_is_init_finished(s.ssl.get()) != 1 || (s.failure && s.failure != errc::closed))
        return;
    s.output = &out;
    SSL_shutdown(s.ssl.get());
    ERR_clear_error();
}

std::string engine::alpn() const
{
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(state_->ssl.get(), &name, &length);
    return {name, name + length};
}

std::string engine::description() const
{
    const auto* const ssl = state_->ssl.get();
    return std::string(SSL_get_version(ssl)) + ' ' + SSL_get_cipher_name(ssl);
}

std::string engine::failure_detail() const { return state_->failure_detail; }

std::optional<certificate> engine::peer() const
{
    const auto* const given = SSL_get0_peer_certificate(state_->ssl.get());
    if (given == nullptr || SSL_get_verify_result(state_->ssl.get()) != X509_V_OK)
        return std::nullopt;
    return read_certificate(given);
}

std::string engine::offered_name() const
{
    const auto& refused = state_->refused;
    for (const auto* names : {&refused.dns_names, &refused.addresses})
        if (!names->empty())
            return names->front();
    return {};
}

}  // namespace penstock::tls
