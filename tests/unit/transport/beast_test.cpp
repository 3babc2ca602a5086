// Beast's WebSocket over Asio's TLS as the other side: nothing of ours but what is under test.
#include <penstock/transport/upgrade.hpp>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "support.hpp"

namespace {

using namespace transport_test;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
namespace websocket = beast::websocket;
using beast_stream = websocket::stream<ssl::stream<tcp::socket>>;

ssl::context client_context()
{
    ssl::context context(ssl::context::tls_client);
    context.add_certificate_authority(asio::buffer(keys::get().authority.certificate_pem));
    context.set_verify_mode(ssl::verify_peer);
    return context;
}

ssl::context server_context()
{
    ssl::context context(ssl::context::tls_server);
    context.use_certificate_chain(asio::buffer(keys::get().server.certificate_pem));
    context.use_private_key(asio::buffer(keys::get().server.key_pem), ssl::context::pem);
    return context;
}

/// Writes `wire` through the TLS of `link`.
void send(transport::link& link, const octets& wire)
{
    flat_buffer out;
    BOOST_TEST(!link.tls->write(wire, out));
    asio::write(link.socket, asio::buffer(out.view().data(), out.size()));
}

/// The next data or control frame, whole.
std::string receive(transport::link& link)
{
    octets wire(16'384);
    octets plain(16'384);
    std::string text;
    for (;;) {
        const auto count = link.socket.read_some(asio::buffer(wire));
        link.tls->feed(penstock::byte_view(wire).first(count));
        flat_buffer unused;
        while (const auto got = *link.tls->read(plain, unused)) {
            auto input = penstock::mutable_bytes(plain).first(got);
            while (!input.empty()) {
                const auto event = link.decoder.next(input);
                BOOST_TEST_REQUIRE(event.has_value());
                if (!*event)
                    continue;
                if (const auto* const close = std::get_if<ws::close>(&**event))
                    return "close " + std::to_string(close->code);
                const auto* const piece = std::get_if<ws::data_piece>(&**event);
                BOOST_TEST_REQUIRE(piece != nullptr);
                text.append(piece->payload.begin(), piece->payload.end());
                if (piece->message_end)
                    return text;
            }
        }
    }
}

octets framed(std::string_view payload, std::optional<ws::mask_key> key)
{
    octets staging(ws::header_octets_max);
    staging.insert(staging.end(), payload.begin(), payload.end());
    const auto used = ws::frame_in_place(
        std::span(staging).first<ws::header_octets_max>(),
        penstock::mutable_bytes(staging).subspan(ws::header_octets_max),
        key
    );
    return {
        staging.begin() + static_cast<std::ptrdiff_t>(ws::header_octets_max - used), staging.end()
    };
}

BOOST_FIXTURE_TEST_SUITE(foreign, world)

BOOST_AUTO_TEST_CASE(beast_client)
{
    auto accepting = start_accept();
    auto context_ = client_context();
    beast_stream client(connect(), context_);
    client.next_layer().handshake(ssl::stream_base::client);
    client.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
        request.set(http::field::sec_websocket_protocol, "chat, penstock.v1");
        request.set(http::field::authorization, "Bearer " + token);
    }));
    websocket::response_type response;
    client.handshake(response, "a.example", "/penstock");
    BOOST_TEST((response[http::field::sec_websocket_protocol] == "penstock.v1"));

    auto outcome = get(std::move(accepting));
    BOOST_TEST_REQUIRE(outcome.link.has_value(), outcome.rejected);
    BOOST_TEST(outcome.who.name == "alice");
    client.binary(true);
    client.write(asio::buffer("hello", 5));
    BOOST_TEST(receive(*outcome.link) == "hello");
    send(*outcome.link, framed("and hello", std::nullopt));
    beast::flat_buffer got;
    client.read(got);
    BOOST_TEST(beast::buffers_to_string(got.data()) == "and hello");
}

BOOST_AUTO_TEST_CASE(beast_client_without_our_subprotocol)
{
    auto accepting = start_accept();
    auto context_ = client_context();
    {
        beast_stream client(connect(), context_);
        client.next_layer().handshake(ssl::stream_base::client);
        websocket::response_type response;
        error_code ec;
        client.handshake(response, "a.example", "/penstock", ec);
        BOOST_TEST((ec == websocket::error::upgrade_declined));
        BOOST_TEST((response.result() == http::status::not_found));
    }
    get(std::move(accepting));
}

BOOST_AUTO_TEST_CASE(beast_server)
{
    auto dialling = start_dial();
    auto context_ = server_context();
    beast_stream server(take(), context_);
    server.next_layer().handshake(ssl::stream_base::server);
    beast::flat_buffer received;
    http::request<http::string_body> request;
    http::read(server.next_layer(), received, request);
    BOOST_TEST(websocket::is_upgrade(request));
    BOOST_TEST((request[http::field::authorization] == "Bearer pst_correct"));
    server.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
        response.set(http::field::sec_websocket_protocol, "penstock.v1");
    }));
    server.accept(request);

    auto outcome = get(std::move(dialling));
    BOOST_TEST_REQUIRE(outcome.link.has_value(), outcome.why.text());
    server.binary(true);
    server.write(asio::buffer("hello", 5));
    BOOST_TEST(receive(*outcome.link) == "hello");
    send(*outcome.link, framed("and hello", ws::mask_key{9, 8, 7, 6}));
    beast::flat_buffer got;
    server.read(got);
    BOOST_TEST(beast::buffers_to_string(got.data()) == "and hello");

    octets closing;
    ws::append_close(closing, ws::close_code::normal, "done", ws::mask_key{1, 1, 2, 3});
    send(*outcome.link, closing);
    flat_buffer goodbye;  // Beast waits for this, and for the end of TCP, before it returns
    outcome.link->tls->shutdown(goodbye);
    asio::write(outcome.link->socket, asio::buffer(goodbye.view().data(), goodbye.size()));
    outcome.link->socket.shutdown(tcp::socket::shutdown_send);
    error_code ec;
    server.read(got, ec);
    BOOST_TEST((ec == websocket::error::closed));
    BOOST_TEST(server.reason().code == 1000);
    BOOST_TEST(receive(*outcome.link) == "close 1000");
}

BOOST_AUTO_TEST_CASE(beast_server_that_does_not_know_us)
{
    auto dialling = start_dial();
    auto context_ = server_context();
    beast_stream server(take(), context_);
    server.next_layer().handshake(ssl::stream_base::server);
    server.accept();
    const auto outcome = get(std::move(dialling));
    BOOST_TEST(outcome.why.cause.find("does not speak penstock.v1") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
