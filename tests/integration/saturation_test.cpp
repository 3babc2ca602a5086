#include <atomic>
#include <cstdlib>

#include "world.hpp"

using namespace integration;

namespace {

/// How long both directions are kept full; the long run of the test script asks for 60 s.
std::chrono::seconds saturation_time()
{
    const char* const asked = std::getenv("PENSTOCK_SATURATION_SECONDS");
    return std::chrono::seconds(asked != nullptr ? std::atoi(asked) : 2);
}

void write_for_ever(tcp::socket& socket)
{
    const std::string chunk(64 * 1024, 'x');
    error_code ec;
    while (!ec)
        asio::write(socket, asio::buffer(chunk), ec);
}

void read_for_ever(tcp::socket& socket, std::atomic<std::uint64_t>& moved)
{
    std::vector<char> chunk(64 * 1024);
    error_code ec;
    while (!ec) {
        moved += socket.read_some(asio::buffer(chunk), ec);
        moved.notify_one();
    }
}

void wait_for(std::atomic<std::uint64_t>& moved, std::uint64_t wanted)
{
    for (auto now = moved.load(); now < wanted; now = moved.load())
        moved.wait(now);
}

}  // namespace

/// Two ends that ping while both directions are full can stop for ever if a pong waits for a write.
/// If this one ever stops, it is ctest's time-out that says so.
BOOST_AUTO_TEST_CASE(a_link_full_in_both_directions_never_stops_while_both_ends_ping)
{
    world w;
    w.websocket_ping_interval = std::chrono::milliseconds(5);
    running_pair pair(w);
    std::atomic<std::uint64_t> up{0}, down{0};
    {
        target_server target([&](tcp::socket& socket) {
            std::thread writer([&] { write_for_ever(socket); });
            read_for_ever(socket, up);
            error_code ignored;
            socket.shutdown(tcp::socket::shutdown_both, ignored);
            writer.join();
        });
        std::vector<std::unique_ptr<socks_client>> clients;
        std::vector<std::thread> threads;
        for (int i = 0; i < 2; ++i) {
            clients.push_back(std::make_unique<socks_client>(port_of(*pair.near), target.port()));
            auto& socket = clients.back()->socket;
            threads.emplace_back([&socket] { write_for_ever(socket); });
            threads.emplace_back([&socket, &down] { read_for_ever(socket, down); });
        }

        // It moves, and goes on moving: another MiB both ways, again and again.
        constexpr std::uint64_t step = 1024 * 1024;
        const auto end = std::chrono::steady_clock::now() + saturation_time();
        while (std::chrono::steady_clock::now() < end) {
            const auto up_next = up + step, down_next = down + step;
            wait_for(up, up_next);
            wait_for(down, down_next);
        }
        for (auto& client : clients)
            client->socket.shutdown(tcp::socket::shutdown_both);
        for (auto& thread : threads)
            thread.join();
    }
    BOOST_TEST(up > 0u);
    BOOST_TEST(down > 0u);
    BOOST_TEST_MESSAGE("moved up " << up << ", down " << down);
}
