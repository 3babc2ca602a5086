#include "world.hpp"

using namespace penstock::inbound::test;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

const std::string v5_greeting = "\5\1\0"s;
const std::string v5_connect = "\5\1\0\3\7example\1\xbb"s;

}  // namespace

BOOST_AUTO_TEST_SUITE(lifecycle)

BOOST_AUTO_TEST_CASE(client_that_resets_cancels_its_request)
{
    world proxy;
    proxy.opener.stall();
    auto client = proxy.client();
    client.send(v5_greeting + v5_connect + "unread");
    client.expect("\5\0"s);
    while (proxy.opener.requests().empty())
        std::this_thread::yield();
    client.reset();
    proxy.opener.wait_for_cancelled_open();
    proxy.wait_for_no_conversation();
}

BOOST_AUTO_TEST_CASE(opening_has_a_limit)
{
    penstock::inbound::settings impatient;
    impatient.open_timeout = 100ms;
    world proxy(impatient);
    proxy.opener.stall();
    auto client = proxy.client();
    client.send(v5_greeting + v5_connect);
    client.expect("\5\0\5\6\0\1\0\0\0\0\0\0"s);
    BOOST_TEST(client.end() == "eof");
    proxy.opener.wait_for_cancelled_open();
}

BOOST_AUTO_TEST_CASE(garbage_and_silence_are_closed)
{
    penstock::inbound::settings impatient;
    impatient.handshake_timeout = 100ms;
    world proxy(impatient);
    const auto client_hello = "\x16\3\1\2\0\1\0\1\xfc\3\3"s;
    for (const auto& text :
         {"\0"s, "\xff\xff"s, client_hello, "\r\n"s, "\5"s, "\5\1\0"s, "\4\1\0"s, ""s}) {
        auto client = proxy.client();
        client.send(text);
        if (text == "\5\1\0"s)
            client.expect("\5\0"s);
        BOOST_TEST(client.end() != "data");
    }
    proxy.wait_for_no_conversation();
    BOOST_TEST(proxy.opener.requests().empty());
}

BOOST_AUTO_TEST_CASE(conversation_ends_when_cancelled)
{
    for (const auto& text :
         {""s, "\5"s, v5_greeting + v5_connect, "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"s}) {
        world proxy;
        proxy.opener.stall();
        auto client = proxy.client();
        client.send(text);
        while (text.size() > 1 && proxy.opener.requests().empty())
            std::this_thread::yield();
        proxy.wait_for_conversation();
        proxy.cancel();
        proxy.wait_for_no_conversation();
    }
}

BOOST_AUTO_TEST_SUITE_END()
