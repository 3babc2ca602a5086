#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

#include "support.hpp"

namespace transport_test {

/// dial() through a proxy that the test thread plays.
struct proxied : world {
    std::string proxy_address = "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    std::string server_address;

    proxied()
    {
        url.port = 8443;  // nobody is there: only the proxy can lead to it
        server_address = "a.example:8443";
    }

    void use(const std::string& proxy_url)
    {
        const auto login = dial.proxy ? dial.proxy->login : std::nullopt;
        dial.proxy = *transport::parse_proxy_url(proxy_url);
        dial.proxy->login = login;
    }
    void use_http() { use("http://" + proxy_address); }
    void use_socks() { use("socks5://" + proxy_address); }
    void log_in() { dial.proxy->login = {"user", "geheim", "the file"}; }

    /// Ends the dial that start_cancellable_dial() began.
    asio::cancellation_signal stop;
    std::future<transport::dial_outcome> start_cancellable_dial()
    {
        return asio::co_spawn(
            context,
            transport::dial(url, dial, resolver),
            asio::bind_cancellation_slot(stop.slot(), asio::use_future)
        );
    }

    /// The connection ends, and so does the dial: without a link, or, where the cancellation came
    /// between two operations, with Asio's exception.
    void check_cancelled(std::future<transport::dial_outcome> dialling, blocking_peer& peer)
    {
        asio::post(context, [this] { stop.emit(asio::cancellation_type::terminal); });
        BOOST_TEST(peer.read_to_end().empty());
        try {
            BOOST_TEST(!get(std::move(dialling)).link.has_value());
        } catch (const boost::system::system_error& e) {
            BOOST_TEST((e.code() == asio::error::operation_aborted), e.what());
        }
    }

    /// The rest of a dial whose proxy has made the connection: `peer` is the server now.
    static void serve(blocking_peer& peer)
    {
        peer.engine = blocking_peer::server(tcp::socket(peer.socket.get_executor())).engine;
        BOOST_TEST(peer.shake_hands());
        peer.send(good_answer(peer.read_until("\r\n\r\n")));
    }

    void check_linked(std::future<transport::dial_outcome> dialling)
    {
        const auto outcome = get(std::move(dialling));
        BOOST_TEST_REQUIRE(outcome.link.has_value(), outcome.why.text());
        BOOST_TEST(outcome.link->peer_address == proxy_address + " (proxy)");
        BOOST_TEST(!outcome.link->paced);
        BOOST_TEST(outcome.link->early.empty());
    }

    /// All conversations end. The bound is for a broken program only.
    static bool all_over(const std::atomic<unsigned>& talks)
    {
        for (const auto until = std::chrono::steady_clock::now() + 20s; talks != 0;) {
            if (std::chrono::steady_clock::now() > until)
                return false;
            std::this_thread::sleep_for(1ms);
        }
        return true;
    }

    /// "PROXY" and "SERVER" stand for the two addresses.
    void check_failed(
        std::future<transport::dial_outcome> dialling, std::string expected, bool refused = false
    )
    {
        const auto outcome = get(std::move(dialling));
        BOOST_TEST(!outcome.link.has_value());
        for (const auto& [word, address] :
             {std::pair{"PROXY", proxy_address}, std::pair{"SERVER", server_address}})
            for (auto at = expected.find(word); at != std::string::npos; at = expected.find(word))
                expected.replace(at, std::string_view(word).size(), address);
        BOOST_TEST(outcome.why.text() == expected);
        BOOST_TEST(outcome.why.refused == refused);
    }
};

inline const std::string established = "HTTP/1.1 200 Connection established\r\n\r\n";

inline std::string unauthorized(std::string_view fields = "Content-Length: 5\r\n")
{
    return "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic "
           "realm=\"x\"\r\n" +
           std::string(fields) + "\r\nwrong";
}

/// The head of a 407 whose page does not end, for keep_sending().
inline const std::string endless_refusal = unauthorized("Content-Length: 1000000000000\r\n");

/// Sends without a pause. False: the other side has not had enough of it for a long time.
inline bool keep_sending(blocking_peer& peer)
{
    const octets page(65'536, 'x');
    error_code ec;
    for (const auto until = std::chrono::steady_clock::now() + 20s; !ec;) {
        if (std::chrono::steady_clock::now() > until)
            return false;
        asio::write(peer.socket, asio::buffer(page), ec);
    }
    return true;
}

/// Reads a CONNECT and returns it.
inline std::string take_request(blocking_peer& peer) { return peer.read_until("\r\n\r\n"); }

struct http_proxied : proxied {
    http_proxied() { use_http(); }
};

}  // namespace transport_test
