// Links break, streams do not.
#include <atomic>
#include <future>
#include <random>

#include "breaking_relay.hpp"
#include "world.hpp"

using namespace integration;
using std::chrono::milliseconds;

namespace {

/// Gateway and server with a network between them that breaks when told to.
struct breaking_pair {
    explicit breaking_pair(const world& w, const tunnel::settings& lane = {})
        : far(w.server_settings()), network(port_of(far)), near(settings(w, lane))
    {
        far.start();
        near.start();
    }
    [[nodiscard]] gateway::settings settings(const world& w, const tunnel::settings& lane) const
    {
        auto out = w.gateway_settings(network.port());
        out.tunnel = lane;
        out.tunnel.backoff_max = milliseconds(200);
        return out;
    }
    server::server far;
    breaking_relay network;
    gateway::gateway near;
};

void pause(unsigned ms) { std::this_thread::sleep_for(milliseconds(ms)); }

/// What octet `i` of stream `stream` is.
char content(std::size_t stream, std::size_t i)
{
    return static_cast<char>((i * 2'654'435'761U + stream * 40'503U) >> 11U);
}

/// Sends `bytes` through an echo and compares; false at the first difference or error.
bool echo_is_exact(std::uint16_t proxy, std::uint16_t target, std::size_t stream, std::size_t bytes)
{
    socks_client client(proxy, target);
    if (client.reply != 0)
        return false;
    std::thread writer([&] {
        std::vector<char> chunk(10'000);
        error_code ec;
        for (std::size_t sent = 0; sent < bytes && !ec;) {
            const auto size = std::min(chunk.size(), bytes - sent);
            for (std::size_t i = 0; i < size; ++i)
                chunk[i] = content(stream, sent + i);
            asio::write(client.socket, asio::buffer(chunk, size), ec);
            sent += size;
        }
        client.socket.shutdown(tcp::socket::shutdown_send, ec);
    });
    std::vector<char> chunk(10'000);
    std::size_t received = 0;
    bool right = true;
    error_code ec;
    while (!ec && right) {
        const auto size = client.socket.read_some(asio::buffer(chunk), ec);
        for (std::size_t i = 0; i < size; ++i)
            right = right && chunk[i] == content(stream, received + i);
        received += size;
    }
    if (!right)
        client.socket.close();
    writer.join();
    return right && ec == asio::error::eof && received == bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(streams_survive_links_that_are_reset_again_and_again)
{
    for (const unsigned threads : {1U, 2U}) {
        world w;
        w.threads = threads;
        breaking_pair pair(w);
        std::atomic<unsigned> accepted{0};
        target_server target([&](tcp::socket& socket) {
            ++accepted;
            echo(socket);
        });
        constexpr std::size_t streams = 10;
        std::atomic<std::size_t> exact{0}, ended{0};
        std::vector<std::thread> clients;
        for (std::size_t i = 0; i < streams; ++i)
            clients.emplace_back([&, i] {
                exact += echo_is_exact(port_of(pair.near), target.port(), i, 3'000'000) ? 1 : 0;
                ++ended;
            });
        std::mt19937 random(threads);
        std::size_t cuts = 0;
        for (auto carried = pair.network.carried_bytes(); ended < streams;) {
            // Somewhere in the middle of what is under way.
            const auto more = 10'000 + random() % 1'500'000;
            while (pair.network.carried_bytes() < carried + more && ended < streams)
                pause(1);
            carried = pair.network.carried_bytes();
            cuts += pair.network.cut();
        }
        for (auto& client : clients)
            client.join();
        BOOST_TEST(exact == streams);
        BOOST_TEST(accepted == streams);
        BOOST_TEST(cuts >= 20U);
    }
}

BOOST_AUTO_TEST_CASE(a_link_that_carries_nothing_any_more_is_given_up_and_replaced)
{
    tunnel::settings lane;
    lane.link_timeout = milliseconds(400);
    breaking_pair pair({}, lane);
    target_server target(echo);
    socks_client client(port_of(pair.near), target.port());
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(client.ask("before") == "before");
        BOOST_TEST(pair.network.silence() == 1U);
        BOOST_TEST(client.ask("after") == "after");
    }
}

BOOST_AUTO_TEST_CASE(a_request_on_a_link_that_is_already_dead_succeeds)
{
    breaking_pair pair({});
    target_server target(echo);
    socks_client first(port_of(pair.near), target.port());
    pair.network.refuse(true);
    pair.network.cut();
    auto late = std::async(std::launch::async, [&] {
        socks_client client(port_of(pair.near), target.port());
        return client.reply == 0 && client.ask("late") == "late";
    });
    pause(300);
    pair.network.refuse(false);
    BOOST_TEST(late.get());
    BOOST_TEST(first.ask("first") == "first");
}

BOOST_AUTO_TEST_CASE(streams_end_when_no_link_comes_back_in_time)
{
    tunnel::settings lane;
    lane.resume_timeout = std::chrono::seconds(1);
    breaking_pair pair({}, lane);
    std::promise<error_code> told;
    target_server target([&](tcp::socket& socket) {
        error_code ec;
        std::array<char, 10> chunk{};
        while (!ec)
            socket.read_some(asio::buffer(chunk), ec);
        told.set_value(ec);
    });
    socks_client client(port_of(pair.near), target.port());
    BOOST_TEST(client.reply == 0);
    pair.network.refuse(true);
    pair.network.cut();
    std::array<char, 10> chunk{};
    error_code ec;
    client.socket.read_some(asio::buffer(chunk), ec);
    BOOST_TEST(ec == asio::error::connection_reset);
    BOOST_TEST(told.get_future().get() == asio::error::connection_reset);
    pair.network.refuse(false);
    target_server other(echo);
    socks_client again(port_of(pair.near), other.port());
    BOOST_TEST(again.ask("again") == "again");
}

BOOST_AUTO_TEST_CASE(without_resume_a_lost_link_ends_its_streams_at_once)
{
    tunnel::settings lane;
    lane.resume_timeout = std::chrono::seconds(0);
    breaking_pair pair({}, lane);
    target_server target(echo);
    socks_client client(port_of(pair.near), target.port());
    BOOST_TEST(client.ask("before") == "before");
    pair.network.cut();
    std::array<char, 10> chunk{};
    error_code ec;
    client.socket.read_some(asio::buffer(chunk), ec);
    BOOST_TEST(ec == asio::error::connection_reset);
}
