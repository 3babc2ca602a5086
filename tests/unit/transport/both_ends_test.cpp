// dial() and accept() against each other.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "support.hpp"

namespace {

using namespace transport_test;

int tcp_option(tcp::socket& socket, int name)
{
    int value = 0;
    socklen_t length = sizeof value;
    ::getsockopt(socket.native_handle(), IPPROTO_TCP, name, &value, &length);
    return value;
}

/// `payload` as one WebSocket frame.
octets framed(std::string_view payload, std::optional<ws::mask_key> key)
{
    octets staging(ws::header_octets_max);
    staging.insert(staging.end(), payload.begin(), payload.end());
    const auto used = ws::frame_in_place(
        std::span(staging).first<ws::header_octets_max>(),
        penstock::mutable_bytes(staging).subspan(ws::header_octets_max),
        key
    );
    staging.erase(
        staging.begin(), staging.begin() + static_cast<std::ptrdiff_t>(ws::header_octets_max - used)
    );
    return staging;
}

/// Sends one message through `from` and reads it at `to`, as the tunnel does.
std::string carry(transport::link& from, transport::link& to, std::string_view payload)
{
    const auto key = from.role == ws::role::client ? std::optional(ws::mask_key{1, 2, 3, 4})
                                                   : std::optional<ws::mask_key>{};
    flat_buffer out;
    if (from.tls)
        BOOST_TEST(!from.tls->write(framed(payload, key), out));
    else
        out.append(framed(payload, key));
    asio::write(from.socket, asio::buffer(out.view().data(), out.size()));

    std::string text;
    octets chunk(16'384);
    octets plain(16'384);
    for (;;) {
        const auto count = to.socket.read_some(asio::buffer(chunk));
        penstock::mutable_bytes input(chunk.data(), count);
        if (to.tls) {
            to.tls->feed(input);
            flat_buffer unused;
            const auto got = to.tls->read(plain, unused);
            BOOST_TEST_REQUIRE(got.has_value());
            input = penstock::mutable_bytes(plain).first(*got);
        }
        while (!input.empty()) {
            const auto event = to.decoder.next(input);
            BOOST_TEST_REQUIRE((event && *event));
            const auto& piece = std::get<ws::data_piece>(**event);
            text.append(piece.payload.begin(), piece.payload.end());
            if (piece.message_end)
                return text;
        }
    }
}

struct both {
    transport::dial_outcome dialled;
    transport::accept_outcome accepted;

    explicit both(world& w)
    {
        auto a = w.start_accept();
        auto d = w.start_dial();
        dialled = get(std::move(d));
        accepted = get(std::move(a));
    }
};

BOOST_FIXTURE_TEST_SUITE(both_ends, world)

BOOST_AUTO_TEST_CASE(token_makes_a_link)
{
    both b(*this);
    BOOST_TEST_REQUIRE(b.dialled.link.has_value(), b.dialled.why.text());
    BOOST_TEST_REQUIRE(b.accepted.link.has_value(), b.accepted.rejected);
    auto& client = *b.dialled.link;
    auto& server = *b.accepted.link;
    BOOST_TEST((b.accepted.who == auth::principal{"alice", auth::principal_kind::token}));
    BOOST_TEST((client.role == ws::role::client && server.role == ws::role::server));
    BOOST_TEST(client.description == "TLSv1.3 TLS_AES_128_GCM_SHA256");
    BOOST_TEST(server.description == client.description);
    BOOST_TEST(
        client.peer_address == "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port())
    );
    BOOST_TEST(
        server.peer_address == "127.0.0.1:" + std::to_string(client.socket.local_endpoint().port())
    );
    BOOST_TEST((client.early.empty() && server.early.empty()));
    BOOST_TEST(carry(client, server, "there") == "there");
    BOOST_TEST(carry(server, client, "and back") == "and back");
    BOOST_TEST(accept.gate->half_open() == 0U);
}

BOOST_AUTO_TEST_CASE(sockets_are_tuned)
{
    both b(*this);
    for (auto* link : {&b.dialled.link, &b.accepted.link}) {
        BOOST_TEST_REQUIRE(link->has_value());
        auto& socket = (*link)->socket;
        BOOST_TEST(tcp_option(socket, TCP_NODELAY) != 0);
        BOOST_TEST(tcp_option(socket, TCP_NOTSENT_LOWAT) == 128 * 1024);
        BOOST_TEST(tcp_option(socket, TCP_USER_TIMEOUT) == 20'000);
    }
}

BOOST_AUTO_TEST_CASE(a_link_outlives_a_change_of_thread)
{
    both b(*this);
    BOOST_TEST_REQUIRE((b.dialled.link && b.accepted.link));
    asio::io_context other;
    auto moved = std::move(*b.dialled.link);
    const auto descriptor = moved.socket.release();
    moved.socket = tcp::socket(other, tcp::v4(), descriptor);
    BOOST_TEST(carry(moved, *b.accepted.link, "still here") == "still here");
    BOOST_TEST(carry(*b.accepted.link, moved, "good") == "good");
}

BOOST_AUTO_TEST_CASE(certificate_makes_a_link)
{
    accept.users.reset();
    accept.client_certificates = true;
    accept.tls = *tls::context::make_server(tls_test::mutual(tls::client_certificate::required));
    auto settings = tls_test::client_settings();
    settings.own = credentials_of(keys::get().client);
    dial.tls = *tls::context::make_client(settings);
    dial.token.clear();
    both b(*this);
    BOOST_TEST_REQUIRE((b.dialled.link && b.accepted.link));
    BOOST_TEST((b.accepted.who == auth::principal{"alice", auth::principal_kind::certificate}));
    BOOST_TEST(carry(*b.dialled.link, *b.accepted.link, "x") == "x");
}

BOOST_AUTO_TEST_CASE(anonymous_makes_a_link)
{
    accept.users.reset();
    accept.anonymous = true;
    dial.token.clear();
    both b(*this);
    BOOST_TEST_REQUIRE((b.dialled.link && b.accepted.link));
    BOOST_TEST((b.accepted.who == auth::principal{}));
}

BOOST_AUTO_TEST_CASE(another_server_name_may_be_asked_for)
{
    url.host = "elsewhere.example";
    dial.server_name = "a.example";
    BOOST_TEST(both(*this).dialled.link.has_value());
    url.host = "127.0.0.1";
    BOOST_TEST(both(*this).dialled.link.has_value());
}

/// dial() fails, accept() makes no link, and the failure reads so.
void check_failure(world& w, transport::dial_step step, std::string_view text, bool refused)
{
    const both b(w);
    BOOST_TEST(!b.dialled.link.has_value());
    BOOST_TEST(!b.accepted.link.has_value());
    BOOST_TEST(!b.accepted.rejected.empty());
    BOOST_TEST((b.dialled.why.step == step));
    auto expected = std::string(text);
    if (const auto at = expected.find("URL"); at != std::string::npos)
        expected.replace(at, 3, transport::to_string(w.url));
    BOOST_TEST(b.dialled.why.text() == expected);
    BOOST_TEST(b.dialled.why.refused == refused);
}

BOOST_AUTO_TEST_CASE(wrong_token)
{
    dial.token = "pst_wrong";
    check_failure(
        *this,
        transport::dial_step::auth,
        "auth: the server refused the token (check that its line, made by `penstock keys token`, "
        "is in the server's users file)",
        true
    );
}

BOOST_AUTO_TEST_CASE(wrong_path)
{
    url.path = "/other";
    check_failure(
        *this,
        transport::dial_step::upgrade,
        "upgrade: there is no penstock server at URL: 404 \"Not Found\" (check host and path in "
        "--server; the path must be the server's --path)",
        false
    );
}

BOOST_AUTO_TEST_CASE(wrong_host_name)
{
    url.host = "b.example";
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the certificate is for \"a.example\", \"192.0.2.7\", not \"b.example\" (use "
        "--server-name a.example, or a certificate for b.example)",
        false
    );
}

BOOST_AUTO_TEST_CASE(unknown_authority)
{
    auto settings = tls_test::client_settings();
    settings.ca_pem = keys::get().other_authority.certificate_pem;
    dial.tls = *tls::context::make_client(settings);
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the certificate is signed by \"Penstock test CA\", which is not trusted here "
        "(use --ca with the certificate of the authority that signed the server's)",
        false
    );
}

BOOST_AUTO_TEST_CASE(missing_client_certificate)
{
    accept.tls = *tls::context::make_server(tls_test::mutual(tls::client_certificate::required));
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the server asks for a client certificate (use --cert and --key, or --p12)",
        true
    );
}

BOOST_AUTO_TEST_CASE(refused_client_certificate)
{
    accept.tls = *tls::context::make_server(tls_test::mutual(tls::client_certificate::optional));
    const auto& k = keys::get();
    auto settings = tls_test::client_settings();
    settings.own = credentials_of(*tls_test::pki::make_client(k.other_authority, "eve", k.valid));
    dial.tls = *tls::context::make_client(settings);
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the server refused the client certificate (unknown CA) (use a certificate "
        "signed by the authority in the server's --client-ca)",
        true
    );
}

BOOST_AUTO_TEST_CASE(server_without_tls)
{
    accept.tls.reset();
    check_failure(
        *this,
        transport::dial_step::tls,
        "tls: URL: the other side does not speak TLS (check the port; the server may listen "
        "without TLS behind a reverse proxy)",
        false
    );
}

BOOST_AUTO_TEST_CASE(too_many_handshakes)
{
    accept.gate =
        std::make_shared<transport::handshake_gate>(transport::handshake_limits{.half_open_max = 0}
        );
    const both b(*this);
    BOOST_TEST(b.accepted.rejected == "too many handshakes at once");
    BOOST_TEST((b.dialled.why.step == transport::dial_step::tls));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
