#include <filesystem>
#include <fstream>
#include <random>

#include "support.hpp"

namespace {

using namespace transport_test;
namespace fs = std::filesystem;

/// A folder that is gone afterwards.
struct folder {
    fs::path path =
        fs::temp_directory_path() / ("penstock-test-" + std::to_string(std::random_device{}()));
    folder() { fs::create_directories(path / "www" / "sub"); }
    ~folder() { fs::remove_all(path); }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;

    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream(path / name, std::ios::binary) << text;
    }
};

struct with_folder : world {
    folder files;

    with_folder()
    {
        files.write("www/index.html", "<p>hello");
        files.write("www/sub/a b.txt", "text");
        files.write("www/.secret", "secret");
        files.write("outside", "secret");
        fs::create_symlink(files.path / "outside", files.path / "www" / "link");
        fs::create_symlink(files.path / "www" / "index.html", files.path / "www" / "good-link");
        accept.fallback = transport::static_folder{(files.path / "www").string()};
    }

    std::string ask(const std::string& request_line)
    {
        auto accepting = start_accept();
        std::string answer;
        {
            auto client = blocking_peer::client(connect());
            BOOST_TEST_REQUIRE(client.shake_hands());
            client.send(request_line + "\r\nHost: a.example\r\n\r\n");
            answer = client.read_to_end();
        }
        get(std::move(accepting));
        return answer;
    }
};

BOOST_FIXTURE_TEST_SUITE(static_folder, with_folder)

BOOST_AUTO_TEST_CASE(serves_files)
{
    const auto index = ask("GET / HTTP/1.1");
    BOOST_TEST(index.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"));
    BOOST_TEST(index.ends_with("\r\n\r\n<p>hello"));
    BOOST_TEST(ask("GET /sub/a%20b.txt?x=y HTTP/1.1").ends_with("\r\n\r\ntext"));
    BOOST_TEST(ask("GET /good-link HTTP/1.1").ends_with("<p>hello"));
    BOOST_TEST(ask("HEAD / HTTP/1.1").find("Content-Length: 8\r\n") != std::string::npos);
    BOOST_TEST(ask("HEAD / HTTP/1.1").ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(serves_a_long_file_whole)
{
    std::string text(1'000'000, 'x');
    text += "end";
    files.write("www/long", text);
    const auto answer = ask("GET /long HTTP/1.1");
    BOOST_TEST(answer.size() > text.size());
    BOOST_TEST(answer.ends_with("xend"));
}

BOOST_AUTO_TEST_CASE(serves_nothing_else)
{
    for (const auto* target :
         {"/missing",
          "/sub",
          "/.secret",
          "/../outside",
          "/%2e%2e/outside",
          "/sub/../../outside",
          "/..%2foutside",
          "/link",
          "/%00",
          "/%zz",
          "/%2",
          "*"}) {
        const auto answer = ask(std::string("GET ") + target + " HTTP/1.1");
        BOOST_TEST(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), target);
        BOOST_TEST(answer.find("secret") == std::string::npos, target);
    }
    BOOST_TEST(ask("DELETE /index.html HTTP/1.1").starts_with("HTTP/1.1 405 "));
}

BOOST_AUTO_TEST_SUITE_END()

struct with_backend : world {
    tcp::acceptor backend{context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};

    with_backend() { accept.fallback = transport::reverse_proxy{backend.local_endpoint()}; }
};

BOOST_FIXTURE_TEST_SUITE(reverse_proxy, with_backend)

BOOST_AUTO_TEST_CASE(passes_everything_on)
{
    auto accepting = start_accept();
    auto client = blocking_peer::client(connect());
    BOOST_TEST(client.shake_hands());
    client.send("POST /form HTTP/1.1\r\nHost: a.example\r\nContent-Length: 9\r\n\r\nabc");
    blocking_peer server(backend.accept());
    BOOST_TEST(server.read_until("abc").starts_with("POST /form HTTP/1.1\r\nHost: a.example\r\n"));
    BOOST_TEST(accept.gate->half_open() == 0U);  // no handshake any more

    client.send("def");
    BOOST_TEST(server.read_until("def") == "def");
    server.send("HTTP/1.1 100 Continue\r\n\r\n");
    BOOST_TEST(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("ghi");
    BOOST_TEST(server.read_until("ghi") == "ghi");

    const std::string body(300'000, 'b');
    server.send("HTTP/1.1 200 OK\r\n\r\n" + body);
    server.socket.shutdown(tcp::socket::shutdown_send);
    const auto answer = client.read_to_end();
    BOOST_TEST(answer.size() == body.size() + 19U);

    flat_buffer out;
    client.engine->shutdown(out);
    client.send_raw(out.view());
    client.socket.shutdown(tcp::socket::shutdown_send);
    BOOST_TEST(server.read_to_end().empty());
    BOOST_TEST(get(std::move(accepting)).rejected == "another path");
}

BOOST_AUTO_TEST_CASE(half_close_of_the_client_keeps_the_answer)
{
    accept.tls.reset();
    auto accepting = start_accept();
    blocking_peer client(connect());
    client.send("GET / HTTP/1.0\r\n\r\n");
    client.socket.shutdown(tcp::socket::shutdown_send);
    blocking_peer server(backend.accept());
    BOOST_TEST(server.read_to_end() == "GET / HTTP/1.0\r\n\r\n");
    server.send("whole answer");
    server.socket.close();
    BOOST_TEST(client.read_to_end() == "whole answer");
    get(std::move(accepting));
}

BOOST_AUTO_TEST_CASE(backend_that_is_away)
{
    backend.close();
    auto accepting = start_accept();
    auto client = blocking_peer::client(connect());
    BOOST_TEST(client.shake_hands());
    client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    BOOST_TEST(client.read_to_end().starts_with("HTTP/1.1 502 Bad Gateway\r\n"));
    client.socket.close();
    get(std::move(accepting));
}

BOOST_AUTO_TEST_CASE(nothing_moves_for_too_long)
{
    accept.fallback_idle_timeout = 60ms;
    auto accepting = start_accept();
    auto client = blocking_peer::client(connect());
    BOOST_TEST(client.shake_hands());
    client.send("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n");
    blocking_peer server(backend.accept());
    BOOST_TEST(!server.read_to_end().empty());
    BOOST_TEST(client.read_to_end().empty());
    get(std::move(accepting));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
