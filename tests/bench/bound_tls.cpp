#include <penstock/base/flat_buffer.hpp>
#include <penstock/base/target.hpp>
#include <penstock/pki/pki.hpp>
#include <penstock/tls/context.hpp>
#include <penstock/tls/engine.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "bound.hpp"

namespace bound {
namespace {

using namespace penstock;

constexpr std::size_t batch_octets = std::size_t{64} * 1024;  ///< a batch of a tunnel
constexpr std::size_t read_octets = std::size_t{256} * 1024;  ///< io::buffer_pool's buffers
constexpr std::chrono::milliseconds settle{500};

[[noreturn]] void fail(const char* what)
{
    throw std::system_error(errno, std::generic_category(), what);
}

void check(bool good, const char* what)
{
    if (!good)
        throw std::runtime_error(what);
}

class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd)
    {
        if (fd < 0)
            fail("socket");
    }
    descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    descriptor& operator=(descriptor&&) = delete;
    ~descriptor()
    {
        if (fd_ >= 0)
            ::close(fd_);
    }
    [[nodiscard]] int get() const noexcept { return fd_; }

private:
    int fd_;
};

/// The two ends of a TCP connection over loopback.
std::pair<descriptor, descriptor> connect_pair(const std::string& congestion)
{
    descriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
    descriptor near(::socket(AF_INET, SOCK_STREAM, 0));
    if (!congestion.empty()) {
        for (const auto* const s : {&listener, &near}) {
            const auto size = static_cast<socklen_t>(congestion.size());
            if (::setsockopt(s->get(), IPPROTO_TCP, TCP_CONGESTION, congestion.data(), size) != 0)
                fail(congestion.c_str());
        }
    }
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    auto* const address = reinterpret_cast<sockaddr*>(&where);
    if (::bind(listener.get(), address, size) != 0 || ::listen(listener.get(), 1) != 0 ||
        ::getsockname(listener.get(), address, &size) != 0 ||
        ::connect(near.get(), address, size) != 0)
        fail("loopback");
    descriptor far(::accept(listener.get(), nullptr, nullptr));
    const int on = 1;
    for (const auto* const s : {&near, &far})
        (void)::setsockopt(s->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return {std::move(near), std::move(far)};
}

void send_all(int fd, flat_buffer& out)
{
    while (!out.empty()) {
        const auto sent = ::send(fd, out.view().data(), out.size(), MSG_NOSIGNAL);
        if (sent <= 0)
            fail("send");
        out.consume(static_cast<std::size_t>(sent));
    }
}

/// False at the end of the connection.
bool receive(int fd, tls::engine& engine, octets& room)
{
    const auto count = ::recv(fd, room.data(), room.size(), 0);
    if (count > 0)
        engine.feed(byte_view(room).first(static_cast<std::size_t>(count)));
    return count > 0;
}

void shake_hands(int fd, tls::engine& engine, octets& room)
{
    flat_buffer out;
    for (;;) {
        const auto done = engine.handshake(out);
        check(done.has_value(), "the handshake failed");
        send_all(fd, out);
        if (*done)
            return;
        check(receive(fd, engine, room), "the peer is gone");
    }
}

/// Each end has a core, so that the rate does not depend on where the kernel puts them.
void pin_to(unsigned core)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(core % std::max(1U, std::thread::hardware_concurrency()), &cores);
    (void)::pthread_setaffinity_np(::pthread_self(), sizeof cores, &cores);
}

void send_until(const std::atomic<bool>& stop, int fd, tls::engine engine)
{
    pin_to(0);
    octets room(read_octets);
    shake_hands(fd, engine, room);
    const octets batch(batch_octets, 'x');
    flat_buffer out;
    while (!stop.load(std::memory_order_relaxed)) {
        check(!engine.write(batch, out), "encryption failed");
        send_all(fd, out);
    }
    ::shutdown(fd, SHUT_WR);
}

void receive_all(std::atomic<std::uint64_t>& received, int fd, tls::engine engine)
{
    pin_to(1);
    octets room(read_octets);
    octets plain(read_octets);
    flat_buffer out;
    shake_hands(fd, engine, room);
    do {
        for (;;) {
            const auto count = engine.read(plain, out);
            check(count.has_value(), "decryption failed");
            if (*count == 0)
                break;
            received.fetch_add(*count, std::memory_order_relaxed);
        }
    } while (receive(fd, engine, room));
}

double cpu_seconds()
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Engines of both ends: client and server, ECDSA P-256 as with every peer.
std::pair<tls::engine, tls::engine> make_engines()
{
    const auto valid = pki::valid_for(std::chrono::system_clock::now(), std::chrono::days(1));
    const auto authority = pki::make_authority("bound", valid).value();
    const std::array<host, 1> names{host(std::string("bound"))};
    const auto own = pki::make_server(authority, names, valid).value();
    tls::server_settings server;
    server.own.certificate_pem = own.certificate_pem;
    server.own.key_pem = own.key_pem;
    tls::client_settings client;
    client.ca_pem = authority.certificate_pem;
    const auto client_context = tls::context::make_client(client).value();
    const auto server_context = tls::context::make_server(server).value();
    return {
        tls::engine::client(*client_context, "bound").value(),
        tls::engine::server(*server_context).value()
    };
}

}  // namespace

int run_tls(const tls_options& options)
{
    auto [client, server] = make_engines();
    const auto [near, far] = connect_pair(options.congestion);
    std::array<char, 16> congestion{};
    socklen_t size = congestion.size() - 1;
    (void)::getsockopt(near.get(), IPPROTO_TCP, TCP_CONGESTION, congestion.data(), &size);

    std::atomic<bool> stop = false;
    std::atomic<std::uint64_t> received = 0;
    std::thread receiver(receive_all, std::ref(received), far.get(), std::move(server));
    std::thread sender(send_until, std::cref(stop), near.get(), std::move(client));

    std::this_thread::sleep_for(settle);
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_before = cpu_seconds();
    const auto received_before = received.load();
    std::this_thread::sleep_for(std::chrono::duration<double>(options.seconds));
    const auto moved = static_cast<double>(received.load() - received_before);
    const double cpu = cpu_seconds() - cpu_before;
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
    stop = true;
    sender.join();
    receiver.join();

    std::printf(
        "{\"cpu_s_per_gb\": %.4f, \"mb_per_s\": %.1f, \"congestion\": \"%s\"}\n",
        cpu / moved * 1e9,
        moved / wall.count() / 1e6,
        congestion.data()
    );
    return 0;
}

}  // namespace bound
