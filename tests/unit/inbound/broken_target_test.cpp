#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <ostream>

#include "world.hpp"

using namespace penstock::inbound::test;
using namespace std::string_literals;
using namespace std::chrono_literals;
namespace data = boost::unit_test::data;

namespace {

std::string request(const std::string& method = "GET")
{
    const auto body = method == "POST" ? "Content-Length: 0\r\n" : "";
    return method + " http://a.example/ HTTP/1.1\r\nHost: a\r\n" + body + "\r\n";
}

const std::string hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

bool has(const std::string& text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

struct body {
    std::string_view what;
    std::string response;
    std::string_view after_fin;  // what the client sees when the target ends with FIN after it
    friend std::ostream& operator<<(std::ostream& os, const body& b) { return os << b.what; }
};

const body bodies[] = {
    {"Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "reset"},
    {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "reset"},
    {"until close", "HTTP/1.1 200 OK\r\n\r\nhello", "eof"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(broken_target)

BOOST_DATA_TEST_CASE(body_cut_by_reset_never_looks_whole, data::make(bodies), row)
{
    world proxy;
    auto client = proxy.client();
    client.send(request());
    auto target = proxy.target();
    target.receive_head();
    target.send(row.response);
    BOOST_TEST(client.receive_until("hello").ends_with("hello"));
    target.reset();
    while (true) {
        const auto end = client.end();  // "data" is what was left of the chunk
        if (end == "data")
            continue;
        BOOST_TEST(end == "reset");
        break;
    }
    proxy.wait_for_no_conversation();
}

BOOST_DATA_TEST_CASE(body_that_ends_early_never_looks_whole, data::make(bodies), row)
{
    world proxy;
    auto client = proxy.client();
    client.send(request());
    auto target = proxy.target();
    target.receive_head();
    target.send(row.response);
    BOOST_TEST(client.receive_until("hello").ends_with("hello"));
    target.finish();
    auto end = client.end();
    while (end == "data")
        end = client.end();
    BOOST_TEST(end == row.after_fin);
}

BOOST_AUTO_TEST_CASE(malformed_answer_is_told)
{
    for (const auto& answer :
         {"ICY 200 OK\r\n\r\n"s,
          "HTTP/1.1 200 OK\r\nA : b\r\n\r\n"s,
          "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"s,
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"s,
          "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"s}) {
        world proxy;
        auto client = proxy.client();
        client.send(request());
        auto target = proxy.target();
        target.receive_head();
        target.send(answer);
        const auto head = client.receive_head();
        BOOST_TEST(head.starts_with("HTTP/1.1 502 "), answer);
        BOOST_TEST(has(head, "Proxy-Status: penstock; error=http_protocol_error;"));
        client.receive_until("</html>\n");
        client.send(request());
        auto next = proxy.target();
        next.receive_head();
    }
}

BOOST_AUTO_TEST_CASE(missing_answer_is_told)
{
    for (const bool abort : {false, true}) {
        world proxy;
        auto client = proxy.client();
        client.send(request());
        auto target = proxy.target();
        target.receive_head();
        target.send("HTTP/1.1 2");
        abort ? target.reset() : target.finish();
        const auto head = client.receive_head();
        BOOST_TEST(head.starts_with("HTTP/1.1 502 "));
        BOOST_TEST(
            has(head, abort ? "error=connection_terminated;" : "error=http_response_incomplete;")
        );
    }
}

BOOST_AUTO_TEST_CASE(kept_connection_that_was_closed_is_opened_again)
{
    world proxy;
    auto client = proxy.client();
    client.send(request());
    auto first = proxy.target();
    first.receive_head();
    first.send(hello);
    BOOST_TEST(client.receive_until("hello").ends_with("hello"));
    // The target closes just as the next request arrives.
    client.send(request());
    first.receive_head();
    first.close();
    auto second = proxy.target();
    second.receive_head();
    second.send(hello);
    BOOST_TEST(client.receive_until("hello").starts_with("HTTP/1.1 200 "));

    client.send(request("POST"));
    second.receive_head();
    second.close();
    BOOST_TEST(client.receive_head().starts_with("HTTP/1.1 502 "));
    BOOST_TEST(proxy.opener.requests().size() == 2u);
}

BOOST_AUTO_TEST_CASE(answer_that_came_unasked_is_nobodys)
{
    world proxy;
    auto client = proxy.client();
    client.send(request());
    auto first = proxy.target();
    first.receive_head();
    first.send(hello + hello);
    client.receive_until("hello");
    client.send(request());
    auto second = proxy.target();
    second.receive_head();
    second.send("HTTP/1.1 204 Mine\r\n\r\n");
    BOOST_TEST(client.receive_head().starts_with("HTTP/1.1 204 Mine"));
}

BOOST_AUTO_TEST_CASE(silent_target_is_told)
{
    penstock::inbound::settings impatient;
    impatient.exchange_idle_timeout = 100ms;
    world proxy(impatient);
    auto client = proxy.client();
    client.send(request());
    auto target = proxy.target();
    target.receive_head();
    const auto head = client.receive_head();
    BOOST_TEST(head.starts_with("HTTP/1.1 504 "));
    BOOST_TEST(has(head, "error=http_response_timeout;"));
    client.receive_until("</html>\n");
    BOOST_TEST(client.end() == "eof");
}

BOOST_AUTO_TEST_CASE(answer_before_the_body_is_enough)
{
    world proxy;
    auto client = proxy.client();
    client.send("POST http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\npart");
    auto target = proxy.target();
    target.receive_head();
    target.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
    BOOST_TEST(client.receive_head().starts_with("HTTP/1.1 413 "));
    BOOST_TEST(client.end() == "eof");  // what comes next cannot be told from the rest of the body
}

BOOST_AUTO_TEST_CASE(broken_request_body_is_refused)
{
    world proxy;
    auto client = proxy.client();
    client.send("POST http://a.example/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                "chunked\r\n\r\n5\r\nhello\r\n");
    auto target = proxy.target();
    target.receive_until("hello\r\n");
    client.send("x\r\n");
    BOOST_TEST(client.receive_head().starts_with("HTTP/1.1 400 "));
    BOOST_TEST(target.end() != "data");
}

BOOST_AUTO_TEST_CASE(client_that_goes_away_ends_its_stream)
{
    world proxy;
    for (const auto& text :
         {request(), "POST http://a.example/ HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"s}) {
        auto client = proxy.client();
        client.send(text);
        auto target = proxy.target();
        target.receive_head();
        client.reset();
        BOOST_TEST(target.end() != "data");
    }
    proxy.wait_for_no_conversation();
}

BOOST_AUTO_TEST_SUITE_END()
