#include <penstock/io/buffer_pool.hpp>
#include <penstock/io/relay.hpp>
#include <penstock/io/socket.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/write.hpp>

#include <optional>

#include "support.hpp"

using namespace support;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(relaying)

struct fixture {
    asio::io_context context{1};
    std::pair<tcp::socket, io::stream_socket> left = connected(context), right = connected(context);
    tcp::socket& client = left.first;
    tcp::socket& target = right.first;
    io::relay_settings settings;
    std::optional<io::relay_outcome> outcome;
    asio::cancellation_signal stop;

    void start(penstock::octets early = {})
    {
        asio::co_spawn(
            context,
            io::relay(left.second, right.second, std::move(early), settings),
            asio::bind_cancellation_slot(
                stop.slot(),
                [this](std::exception_ptr thrown, io::relay_outcome o) {
                    BOOST_TEST(!thrown);
                    outcome = o;
                }
            )
        );
    }

    /// What `from` delivers until its end, while the relay runs.
    std::string drain(tcp::socket& from, error_code& ec)
    {
        from.non_blocking(true);
        std::string all;
        run_until(context, [&] {
            all += read_some(from, ec);
            return ec && ec != asio::error::would_block;
        });
        return all;
    }

    void run_to_the_end()
    {
        run_until(context, [this] { return outcome.has_value(); });
    }
};

BOOST_FIXTURE_TEST_CASE(half_close_keeps_the_reply, fixture)
{
    start();
    error_code ec;
    asio::write(client, asio::buffer("ping", 4));
    client.shutdown(tcp::socket::shutdown_send);
    BOOST_TEST(drain(target, ec) == "ping");
    BOOST_TEST(ec == asio::error::eof);
    BOOST_TEST(!outcome.has_value());

    asio::write(target, asio::buffer("pong!", 5));
    target.shutdown(tcp::socket::shutdown_send);
    BOOST_TEST(drain(client, ec) == "pong!");
    BOOST_TEST(ec == asio::error::eof);
    run_to_the_end();
    BOOST_TEST(!outcome->ec);
    BOOST_TEST(outcome->a_to_b_octets == 4u);
    BOOST_TEST(outcome->b_to_a_octets == 5u);
    BOOST_TEST(!left.second.is_open());
    BOOST_TEST(!right.second.is_open());
}

BOOST_FIXTURE_TEST_CASE(early_octets_go_first, fixture)
{
    start({'e', 'a', 'r', 'l', 'y', ' '});
    asio::write(client, asio::buffer("bird", 4));
    client.shutdown(tcp::socket::shutdown_send);
    error_code ec;
    BOOST_TEST(drain(target, ec) == "early bird");
}

BOOST_FIXTURE_TEST_CASE(a_reset_of_the_target_is_a_reset_for_the_client, fixture)
{
    start();
    io::reset(target);
    run_to_the_end();
    BOOST_TEST(outcome->ec == asio::error::connection_reset);
    error_code ec;
    read_some(client, ec);
    BOOST_TEST(ec == asio::error::connection_reset);
}

BOOST_FIXTURE_TEST_CASE(a_reset_of_the_client_is_a_reset_for_the_target, fixture)
{
    start();
    io::reset(client);
    run_to_the_end();
    error_code ec;
    read_some(target, ec);
    BOOST_TEST(ec == asio::error::connection_reset);
}

BOOST_FIXTURE_TEST_CASE(a_reset_after_the_other_end_has_closed_its_half, fixture)
{
    start();
    client.shutdown(tcp::socket::shutdown_send);
    error_code ec;
    drain(target, ec);
    io::reset(target);
    run_to_the_end();
    BOOST_TEST(outcome->ec == asio::error::connection_reset);
}

BOOST_FIXTURE_TEST_CASE(idleness_ends_with_a_reset, fixture)
{
    settings.idle_timeout = 1ms;
    start();
    run_to_the_end();
    BOOST_TEST(outcome->ec == asio::error::timed_out);
    error_code ec;
    read_some(client, ec);
    BOOST_TEST(ec == asio::error::connection_reset);
}

BOOST_FIXTURE_TEST_CASE(cancellation_resets_both, fixture)
{
    start();
    context.poll();
    stop.emit(asio::cancellation_type::terminal);
    run_to_the_end();
    BOOST_TEST(outcome->ec == asio::error::operation_aborted);
    error_code ec;
    read_some(client, ec);
    BOOST_TEST(ec == asio::error::connection_reset);
    read_some(target, ec);
    BOOST_TEST(ec == asio::error::connection_reset);
}

BOOST_FIXTURE_TEST_CASE(idle_relay_borrows_nothing, fixture)
{
    start();
    asio::write(client, asio::buffer("x", 1));
    target.non_blocking(true);
    error_code ec = asio::error::would_block;
    run_until(context, [&] { return read_some(target, ec) == "x"; });
    context.poll();
    BOOST_TEST(io::buffer_pool::of(context).kept() == 1u);  // lent once, and back
}

/// Different octets in each direction, so that a mix-up cannot cancel out.
std::string pattern(std::size_t size, unsigned seed)
{
    std::string text(size, '\0');
    for (auto& c : text) {
        seed = seed * 1'664'525u + 1'013'904'223u;
        c = static_cast<char>(seed >> 24);
    }
    return text;
}

/// One end that writes `out` and reads at once, without blocking, until both have ended.
struct chatter {
    tcp::socket& socket;
    std::string out;
    bool reads = true;
    std::string in = {};
    std::size_t sent = 0;
    bool ended = false;

    bool turn()
    {
        error_code ec;
        while (!ec && sent < out.size()) {
            sent += socket.write_some(asio::buffer(out.data() + sent, out.size() - sent), ec);
            if (sent == out.size())
                socket.shutdown(tcp::socket::shutdown_send);
        }
        ec = {};
        while (!ec && reads && !ended) {
            in += read_some(socket, ec);
            ended = ec == asio::error::eof;
        }
        return ended && sent == out.size();
    }
};

BOOST_FIXTURE_TEST_CASE(both_directions_are_exact_and_a_blocked_one_delays_none, fixture)
{
    const std::size_t size = 8 * 1024 * 1024;
    // Little room in the kernel on the way to the target, so that it is blocked long before the
    // end.
    client.set_option(tcp::socket::send_buffer_size(65'536));
    left.second.set_option(tcp::socket::receive_buffer_size(65'536));
    right.second.set_option(tcp::socket::send_buffer_size(65'536));
    target.set_option(tcp::socket::receive_buffer_size(65'536));
    start();
    client.non_blocking(true);
    target.non_blocking(true);
    chatter one{client, pattern(size, 1)};
    chatter other{
        target, pattern(size, 2), false
    };  // does not read at first: client to target blocks
    run_until(context, [&] { return one.turn(), other.turn(), one.ended; });
    BOOST_TEST((one.in == other.out));
    BOOST_TEST(one.sent < size);
    other.reads = true;
    run_until(context, [&] { return one.turn(), other.turn(); });
    BOOST_TEST((other.in == one.out));
    run_to_the_end();
    BOOST_TEST(!outcome->ec);
    BOOST_TEST(outcome->a_to_b_octets == size);
    BOOST_TEST(outcome->b_to_a_octets == size);
}

BOOST_AUTO_TEST_SUITE_END()
