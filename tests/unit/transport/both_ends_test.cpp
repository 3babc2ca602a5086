// dial() and accept() against each other.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "both.hpp"

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

BOOST_AUTO_TEST_CASE(the_congestion_control_in_force_is_known)
{
    both plain(*this);
    BOOST_TEST(!plain.dialled.link->congestion.empty());
    BOOST_TEST(plain.dialled.link->paced);  // nothing is lost on the way to this machine
    BOOST_TEST(plain.accepted.link->paced);
    dial.congestion = accept.congestion = "reno";  // always there (RFC 5681)
    both chosen(*this);
    BOOST_TEST(chosen.dialled.link->congestion == "reno");
    BOOST_TEST(chosen.accepted.link->congestion == "reno");
    BOOST_TEST(!chosen.dialled.link->paced);
    BOOST_TEST(!chosen.accepted.link->paced);
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
