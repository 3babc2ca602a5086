#include <penstock/io/deadline.hpp>
#include <penstock/io/socket.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <optional>
#include <sys/resource.h>

#include "support.hpp"

using namespace support;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(sockets)

BOOST_AUTO_TEST_CASE(reset_is_seen_as_a_reset)
{
    asio::io_context context(1);
    auto [outer, inner] = connected(context);
    io::reset(inner);
    error_code ec;
    read_some(outer, ec);
    BOOST_TEST(ec == asio::error::connection_reset);
    BOOST_TEST(io::is_reset(ec));
    BOOST_TEST(!io::is_reset(asio::error::eof));
    BOOST_TEST(!inner.is_open());
    io::reset(inner);  // harmless when repeated
}

BOOST_AUTO_TEST_CASE(as_tcp_keeps_the_connection)
{
    asio::io_context context(1);
    auto [outer, inner] = connected(context);
    auto same = io::as_tcp(std::move(inner));
    BOOST_TEST_REQUIRE(same.has_value());
    asio::write(*same, asio::buffer("x", 1));
    error_code ec;
    BOOST_TEST(read_some(outer, ec) == "x");
    BOOST_TEST(io::peer_name(*same) == io::to_string(outer.local_endpoint()));
}

BOOST_AUTO_TEST_CASE(moves_to_another_context)
{
    asio::io_context context(1), other(1);
    auto [outer, inner] = connected(context);
    auto moved = io::moved_to(other, std::move(inner));
    BOOST_TEST_REQUIRE(moved.has_value());
    BOOST_TEST(&moved->get_executor().context() == static_cast<asio::execution_context*>(&other));
    bool readable = false;
    moved->async_wait(io::stream_socket::wait_read, [&](error_code ec) { readable = !ec; });
    asio::write(outer, asio::buffer("x", 1));
    run_until(other, [&] { return readable; });
}

BOOST_AUTO_TEST_CASE(a_closed_socket_moves_nowhere)
{
    asio::io_context context(1);
    BOOST_TEST(io::moved_to(context, io::stream_socket(context)).has_error());
    BOOST_TEST(io::as_tcp(io::stream_socket(context)).has_error());
}

BOOST_AUTO_TEST_CASE(peers_have_names)
{
    asio::io_context context(1);
    auto [outer, inner] = connected(context);
    BOOST_TEST(io::peer_name(inner) == io::to_string(outer.local_endpoint()));
    BOOST_TEST(io::peer_name(outer) == io::to_string(outer.remote_endpoint()));

    asio::local::stream_protocol::socket a(context), b(context);
    asio::local::connect_pair(a, b);
    BOOST_TEST(io::peer_name(io::stream_socket(std::move(a))) == "unix");
    BOOST_TEST(
        io::to_string(tcp::endpoint(asio::ip::make_address("2001:db8::1"), 7)) == "[2001:db8::1]:7"
    );
}

BOOST_AUTO_TEST_CASE(descriptor_limit_is_raised_to_the_hard_one)
{
    rlimit before{};
    BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const rlimit lowered{.rlim_cur = 64, .rlim_max = before.rlim_max};
    BOOST_TEST_REQUIRE(::setrlimit(RLIMIT_NOFILE, &lowered) == 0);
    BOOST_TEST(io::raise_descriptor_limit() == before.rlim_max);
    rlimit after{};
    BOOST_TEST_REQUIRE(::getrlimit(RLIMIT_NOFILE, &after) == 0);
    BOOST_TEST(after.rlim_cur == before.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &before);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(deadlines)

asio::awaitable<void>
read_with_guard(io::stream_socket& socket, std::optional<error_code>& seen, bool& expired)
{
    io::deadline_guard guard(socket, 1ms);
    char octet = 0;
    const auto buffer = asio::buffer(&octet, 1);
    auto [ec, n] = co_await socket.async_read_some(buffer, io::as_result);
    expired = guard.expired();
    seen = ec;
}

BOOST_AUTO_TEST_CASE(closes_the_socket_at_the_deadline)
{
    asio::io_context context(1);
    auto [outer, inner] = connected(context);
    std::optional<error_code> seen;
    bool expired = false;
    asio::co_spawn(context, read_with_guard(inner, seen, expired), asio::detached);
    run_until(context, [&] { return seen.has_value(); });
    BOOST_TEST(*seen == asio::error::operation_aborted);
    BOOST_TEST(expired);
    BOOST_TEST(!inner.is_open());
}

BOOST_AUTO_TEST_CASE(a_disarmed_guard_does_nothing)
{
    asio::io_context context(1);
    auto [outer, inner] = connected(context);
    io::deadline_guard guard(inner, 1h);
    guard.extend(1ms);
    guard.disarm();
    context.run();  // comes back: nothing is armed
    BOOST_TEST(inner.is_open());
    BOOST_TEST(!guard.expired());
}

asio::awaitable<int> answer_after(std::chrono::milliseconds wait)
{
    co_await io::pause(wait);
    co_return 42;
}

asio::awaitable<void>
ask(std::chrono::milliseconds limit,
    std::chrono::milliseconds wait,
    std::optional<int>& got,
    bool& done)
{
    got = co_await io::within(limit, answer_after(wait));
    done = true;
}

BOOST_AUTO_TEST_CASE(within_gives_the_result_or_nothing)
{
    asio::io_context context(1);
    std::optional<int> soon, never;
    bool soon_done = false, never_done = false;
    asio::co_spawn(context, ask(1h, 0ms, soon, soon_done), asio::detached);
    asio::co_spawn(context, ask(1ms, 1h, never, never_done), asio::detached);
    context.run();  // comes back: what was too late has been cancelled
    BOOST_TEST(soon_done);
    BOOST_TEST(never_done);
    BOOST_TEST(soon.value_or(0) == 42);
    BOOST_TEST(!never.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
