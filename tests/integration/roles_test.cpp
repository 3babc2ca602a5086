#define BOOST_TEST_MODULE integration
#include <fstream>
#include <future>
#include <iomanip>
#include <sstream>

#include "world.hpp"

using namespace integration;

namespace {

/// Established connections of this machine to `port` of the IPv4 loopback address.
unsigned connections_to(std::uint16_t port)
{
    std::ostringstream remote;
    remote << "0100007F:" << std::uppercase << std::hex << std::setw(4) << std::setfill('0')
           << port;
    std::ifstream table("/proc/self/net/tcp");
    unsigned count = 0;
    for (std::string line; std::getline(table, line);) {
        std::istringstream words(line);
        std::string slot, local, far, state;
        words >> slot >> local >> far >> state;
        count += far == remote.str() && state == "01" ? 1 : 0;
    }
    return count;
}

/// A server whose lanes take 16 streams each, a gateway, and an echo to reach.
struct small_lanes {
    explicit small_lanes(unsigned lanes = 0)
        : far(far_settings()), near(near_settings(lanes)), target(echo)
    {
        far.start();
        near.start();
    }
    [[nodiscard]] server::settings far_settings() const
    {
        auto settings = w.server_settings();
        settings.tunnel.streams_per_lane_max = 16;
        return settings;
    }
    [[nodiscard]] gateway::settings near_settings(unsigned lanes) const
    {
        auto settings = w.gateway_settings(port_of(far));
        settings.lanes = lanes;
        return settings;
    }
    [[nodiscard]] unsigned links() const { return connections_to(port_of(far)); }
    [[nodiscard]] std::unique_ptr<socks_client> client() const
    {
        return std::make_unique<socks_client>(port_of(near), target.port());
    }

    world w;
    server::server far;
    gateway::gateway near;
    target_server target;
};

}  // namespace

BOOST_AUTO_TEST_CASE(octets_pass_through_both_roles)
{
    const world w;
    running_pair pair(w);
    target_server target(echo);
    socks_client client(port_of(*pair.near), target.port());
    BOOST_TEST(client.reply == 0);
    BOOST_TEST(client.ask("hello") == "hello");
}

BOOST_AUTO_TEST_CASE(clients_spread_over_two_threads_all_work)
{
    world w;
    w.threads = 2;
    running_pair pair(w);
    target_server target(echo);
    std::vector<std::unique_ptr<socks_client>> clients;
    for (int i = 0; i < 20; ++i)
        clients.push_back(std::make_unique<socks_client>(port_of(*pair.near), target.port()));
    for (int i = 0; i < 20; ++i) {
        const auto text = "client " + std::to_string(i);
        BOOST_TEST(clients[static_cast<std::size_t>(i)]->ask(text) == text);
    }
}

BOOST_AUTO_TEST_CASE(more_links_are_kept_where_each_suffers_from_loss)
{
    for (const bool paced : {true, false}) {
        const world w;
        server::server far(w.server_settings());
        far.start();
        auto settings = w.gateway_settings(port_of(far));
        if (!paced)
            settings.dial.congestion = "reno";
        gateway::gateway near(std::move(settings));
        near.start();
        target_server target(echo);
        socks_client client(port_of(near), target.port());
        BOOST_TEST(client.ask("hello") == "hello");
        const unsigned expected = paced ? 1 : 8;
        while (connections_to(port_of(far)) < expected)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        BOOST_TEST(client.ask("still there") == "still there");
        BOOST_TEST(connections_to(port_of(far)) == expected);
    }
}

BOOST_AUTO_TEST_CASE(a_request_waits_for_a_server_that_comes_later)
{
    const world w;
    auto first = std::make_unique<server::server>(w.server_settings());
    const auto port = port_of(*first);
    first.reset();  // nobody listens there now

    gateway::gateway near(w.gateway_settings(port));
    near.start();
    target_server target(echo);
    auto late = std::async(std::launch::async, [&] {
        socks_client client(port_of(near), target.port());
        return client.reply == 0 ? client.ask("late") : "refused";
    });
    server::server far(w.server_settings(port));
    far.start();
    BOOST_TEST(late.get() == "late");
}

BOOST_AUTO_TEST_CASE(without_a_link_a_request_is_told_so)
{
    world w;
    w.link_wait = std::chrono::milliseconds(50);
    auto gone = std::make_unique<server::server>(w.server_settings());
    gateway::gateway near(w.gateway_settings(port_of(*gone)));
    gone.reset();
    near.start();
    socks_client client(port_of(near), 80);
    BOOST_TEST(client.reply == 3);
}

/// Up to the eighth lane, and only as many as are needed.
BOOST_AUTO_TEST_CASE(a_full_lane_brings_up_another)
{
    small_lanes pair;
    std::vector<std::unique_ptr<socks_client>> clients;
    const auto open_until = [&](std::size_t count) {
        while (clients.size() < count) {
            clients.push_back(pair.client());
            BOOST_TEST_REQUIRE(clients.back()->reply == 0);
        }
    };
    open_until(8);
    BOOST_TEST(pair.links() == 1u);
    open_until(40);
    BOOST_TEST(pair.links() == 3u);
    open_until(8 * 16);
    BOOST_TEST(pair.links() == 8u);
    BOOST_TEST(pair.client()->reply == 1);
    for (const auto& client : clients)
        BOOST_TEST(client->ask("there") == "there");
}

/// What is new while a thread is full of bulk does not wait for its turns.
BOOST_AUTO_TEST_CASE(a_busy_thread_brings_up_the_lane_of_the_reserve)
{
    const world w;
    auto far_settings = w.server_settings();
    far_settings.tunnel.busy_bytes_per_s = 100'000;
    server::server far(std::move(far_settings));
    far.start();
    auto near_settings = w.gateway_settings(port_of(far));
    near_settings.tunnel.busy_bytes_per_s = 100'000;
    gateway::gateway near(std::move(near_settings));
    near.start();

    target_server source(pour);
    target_server target(echo);
    socks_client download(port_of(near), source.port());
    BOOST_TEST(connections_to(port_of(far)) == 1u);
    std::jthread reader([&](const std::stop_token& stop) {
        std::array<char, 65536> chunk;
        while (!stop.stop_requested())
            (void)download.socket.read_some(asio::buffer(chunk));
    });
    while (connections_to(port_of(far)) < 2)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    socks_client beside(port_of(near), target.port());
    BOOST_TEST(beside.ask("hello") == "hello");
    reader.request_stop();
    reader.join();
    BOOST_TEST(beside.ask("still there") == "still there");
    download.socket.close();
}

BOOST_AUTO_TEST_CASE(requests_wait_for_the_lane_that_a_full_one_brings_up)
{
    small_lanes pair;
    const auto ask = [&] {
        const auto client = pair.client();
        return client->reply == 0 ? client->ask("hello") : "refused";
    };
    BOOST_TEST(ask() == "hello");
    std::vector<std::future<std::string>> asked;
    for (int i = 0; i < 60; ++i)
        asked.push_back(std::async(std::launch::async, ask));
    for (auto& answer : asked)
        BOOST_TEST(answer.get() == "hello");
}

BOOST_AUTO_TEST_CASE(a_request_beyond_the_streams_of_a_lane_is_told_so_at_once)
{
    small_lanes pair(1);
    std::vector<std::unique_ptr<socks_client>> clients;
    for (int i = 0; i < 16; ++i) {
        clients.push_back(pair.client());
        BOOST_TEST(clients.back()->reply == 0);
    }
    const auto one_more = pair.client();
    BOOST_TEST(one_more->reply == 1);
    // A stream that has ended makes room for another.
    clients.pop_back();
    int reply = 1;
    while (reply == 1)
        reply = pair.client()->reply;
    BOOST_TEST(reply == 0);
}

BOOST_AUTO_TEST_CASE(a_gateway_comes_back_after_its_server_was_replaced)
{
    const world w;
    auto far = std::make_unique<server::server>(w.server_settings());
    const auto port = port_of(*far);
    far->start();
    gateway::gateway near(w.gateway_settings(port));
    near.start();
    target_server target(echo);
    auto before = std::make_unique<socks_client>(port_of(near), target.port());
    BOOST_TEST(before->ask("one") == "one");

    far = std::make_unique<server::server>(w.server_settings(0));  // the old one is gone at once
    far.reset();
    server::server next(w.server_settings(port));
    next.start();
    // It does not know the session, so the stream that waited for its link ends.
    std::array<char, 1> octet{};
    error_code ec;
    before->socket.read_some(asio::buffer(octet), ec);
    BOOST_TEST(ec == asio::error::connection_reset);
    socks_client after(port_of(near), target.port());
    BOOST_TEST(after.reply == 0);
    BOOST_TEST(after.ask("two") == "two");
}

BOOST_AUTO_TEST_CASE(draining_lets_a_stream_finish_and_then_ends)
{
    const world w;
    running_pair pair(w);
    target_server target(echo);
    auto client = std::make_unique<socks_client>(port_of(*pair.near), target.port());
    BOOST_TEST(client->ask("before") == "before");

    std::promise<void> far_done;
    pair.far->drain([&] { far_done.set_value(); });
    auto finished = far_done.get_future();
    BOOST_TEST(client->ask("while draining") == "while draining");
    BOOST_TEST((finished.wait_for(std::chrono::seconds(0)) == std::future_status::timeout));
    client.reset();
    finished.get();
}

BOOST_AUTO_TEST_CASE(draining_ends_streams_that_outlast_it)
{
    world w;
    w.drain_timeout = std::chrono::milliseconds(50);
    running_pair pair(w);
    target_server target(echo);
    socks_client client(port_of(*pair.near), target.port());
    BOOST_TEST(client.ask("before") == "before");
    std::promise<void> done;
    pair.near->drain([&] { done.set_value(); });
    done.get_future().get();
    std::array<char, 1> octet{};
    error_code ec;
    client.socket.read_some(asio::buffer(octet), ec);
    BOOST_TEST(ec == asio::error::connection_reset);
}
