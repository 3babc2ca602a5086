#define BOOST_TEST_MODULE inbound
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

#include <ostream>

#include "world.hpp"

using namespace penstock::inbound::test;
using namespace std::string_literals;
namespace data = boost::unit_test::data;
using penstock::failure;

namespace {

struct request {
    std::string_view what;
    std::string greeting;
    std::string method;   // the answer to the greeting
    std::string text;     // the request
    std::string granted;  // the reply
    std::string_view target;

    friend std::ostream& operator<<(std::ostream& os, const request& r) { return os << r.what; }
};

const std::string v5_granted_head = "\5\0\0\1\x7f\0\0\1"s;

const request requests[] = {
    {"SOCKS5, name", "\5\1\0"s, "\5\0"s, "\5\1\0\3\7example\1\xbb"s, v5_granted_head, "example:443"
    },
    {"SOCKS5, IPv4",
     "\5\2\0\2"s,
     "\5\0"s,
     "\5\1\0\1\xc0\0\2\1\0\x16"s,
     v5_granted_head,
     "192.0.2.1:22"},
    {"SOCKS5, IPv6",
     "\5\1\0"s,
     "\5\0"s,
     "\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\x50"s,
     v5_granted_head,
     "[2001:db8::1]:80"},
    {"SOCKS4", "", "", "\4\1\0\x50\xc0\0\2\1me\0"s, "\0\x5a"s, "192.0.2.1:80"},
    {"SOCKS4a", "", "", "\4\1\0\x50\0\0\0\1me\0example.org\0"s, "\0\x5a"s, "example.org:80"},
};

enum class manner { at_once, slowly, politely };
std::ostream& operator<<(std::ostream& os, manner m)
{
    return os
           << (m == manner::at_once  ? "at once"
               : m == manner::slowly ? "octet by octet"
                                     : "waiting for answers");
}
const auto manners = data::make({manner::at_once, manner::slowly, manner::politely});

/// Sends a request with early data behind it, and takes what comes up to the reply.
void ask(peer& client, const request& r, manner how)
{
    if (how == manner::politely) {
        client.send(r.greeting);
        client.expect(r.method);
        client.send(r.text);
        return;
    }
    if (how == manner::at_once)
        client.send(r.greeting + r.text + "early");
    else
        client.send_slowly(r.greeting + r.text + "early");
    client.expect(r.method);
}

std::string v5_reply(int code) { return {5, static_cast<char>(code), 0, 1, 0, 0, 0, 0, 0, 0}; }

const std::string v5_greeting = "\5\1\0"s;
const std::string v5_connect = "\5\1\0\3\7example\1\xbb"s;

}  // namespace

BOOST_AUTO_TEST_SUITE(socks)

BOOST_DATA_TEST_CASE(request_becomes_a_stream, data::make(requests) * manners, row, how)
{
    world proxy;
    auto client = proxy.client();
    ask(client, row, how);
    auto target = proxy.target();
    client.expect(row.granted);
    // The rest of the reply: a port that is not known here, and the address of SOCKS4.
    client.receive(row.granted.size() == 2 ? 6 : 2);
    if (how == manner::politely)
        client.send("early");
    target.expect("early");
    target.send("answer");
    client.expect("answer");
    BOOST_TEST(
        proxy.opener.requests() == std::vector{'>' + std::string(row.target)},
        boost::test_tools::per_element()
    );
    // The stream goes on without a conversation.
    proxy.wait_for_no_conversation();
    client.send("more");
    target.expect("more");
}

BOOST_AUTO_TEST_CASE(reply_names_the_dialling_end)
{
    world proxy;
    auto client = proxy.client();
    client.send(v5_greeting + v5_connect);
    auto target = proxy.target();
    client.expect("\5\0"s + v5_granted_head);
    const auto port = client.receive(2);
    BOOST_TEST(
        target.peer_port() ==
        (static_cast<std::uint8_t>(port[0]) << 8 | static_cast<std::uint8_t>(port[1]))
    );
}

struct told {
    failure code;
    int reply;
    friend std::ostream& operator<<(std::ostream& os, const told& t)
    {
        return os << describe(t.code).text;
    }
};

const told told_rows[] = {
    {failure::general, 1},
    {failure::denied, 2},
    {failure::network_unreachable, 3},
    {failure::host_unreachable, 4},
    {failure::connection_refused, 5},
    {failure::dial_timeout, 6},
    {failure::name_not_found, 4},
    {failure::name_lookup_failed, 4},
    {failure::overloaded, 1},
    {failure::tunnel_unavailable, 3},
};

BOOST_DATA_TEST_CASE(failure_is_told_and_arrives, data::make(told_rows), row)
{
    world proxy;
    proxy.opener.refuse("example:443", row.code);
    auto client = proxy.client();
    client.send(v5_greeting + v5_connect + "early data that nobody reads"s);
    client.expect("\5\0"s + v5_reply(row.reply));
    BOOST_TEST(client.end() == "eof");

    auto old = proxy.client();
    proxy.opener.refuse("192.0.2.1:80", row.code);
    old.send("\4\1\0\x50\xc0\0\2\1me\0"s);
    old.expect("\0\x5b\0\0\0\0\0\0"s);
    BOOST_TEST(old.end() == "eof");
}

BOOST_AUTO_TEST_CASE(other_commands_are_refused)
{
    world proxy;
    for (const char command : {'\2', '\3'}) {
        auto client = proxy.client();
        client.send(v5_greeting + "\5"s + command + "\0\1\0\0\0\0\0\0"s);
        client.expect("\5\0"s + v5_reply(7));
        BOOST_TEST(client.end() == "eof");
    }
    BOOST_TEST(proxy.opener.requests().empty());
}

BOOST_AUTO_TEST_CASE(users_are_asked)
{
    world proxy({}, "alice:password:plain$secret\n");
    const auto login = [&](const std::string& text) {
        auto client = proxy.client();
        client.send("\5\2\0\2"s);
        client.expect("\5\2"s);
        client.send(text);
        return client;
    };
    auto right = login("\1\5alice\6secret"s);
    right.expect("\1\0"s);
    right.send(v5_connect);
    auto target = proxy.target();
    right.expect("\5\0"s);
    BOOST_TEST(proxy.opener.requests().front() == "alice>example:443");

    for (const auto& text : {"\1\5alice\5wrong"s, "\1\3eve\6secret"s, "\5\5alice\6secret"s}) {
        auto wrong = login(text + v5_connect);
        wrong.expect("\1\1"s);
        BOOST_TEST(wrong.end() == "eof");
    }
    auto without = proxy.client();
    without.send(v5_greeting);
    without.expect("\5\xff"s);
    BOOST_TEST(without.end() == "eof");

    auto old = proxy.client();
    old.send("\4\1\0\x50\xc0\0\2\1alice\0"s);
    old.expect("\0\x5b\0\0\0\0\0\0"s);
    BOOST_TEST(proxy.opener.requests().size() == 1u);
}

BOOST_AUTO_TEST_CASE(half_close_keeps_the_answer)
{
    world proxy;
    auto client = proxy.client();
    client.send(v5_greeting + v5_connect + "question");
    client.finish();
    auto target = proxy.target();
    target.expect("question");
    BOOST_TEST(target.end() == "eof");
    client.expect("\5\0"s);
    client.receive(10);
    target.send("answer");
    target.finish();
    client.expect("answer");
    BOOST_TEST(client.end() == "eof");
}

BOOST_AUTO_TEST_CASE(reset_is_no_end)
{
    world proxy;
    auto client = proxy.client();
    client.send(v5_greeting + v5_connect);
    auto target = proxy.target();
    client.receive(12);
    target.reset();
    BOOST_TEST(client.end() == "reset");
}

BOOST_AUTO_TEST_SUITE_END()
