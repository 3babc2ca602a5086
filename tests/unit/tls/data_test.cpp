#include <openssl/crypto.h>

#include <cstdlib>
#include <random>

#include "pair.hpp"

namespace {

using namespace tls_test;

/// OpenSSL's heap, counted. It must be in place before OpenSSL allocates for the first time.
struct counted_heap {
    static inline std::size_t in_use = 0;
    static constexpr std::size_t front = alignof(std::max_align_t);

    static void* allocate(std::size_t size, const char* /*file*/, int /*line*/)
    {
        auto* const block = static_cast<std::uint8_t*>(std::malloc(size + front));
        if (block == nullptr)
            return nullptr;
        std::memcpy(block, &size, sizeof size);
        in_use += size;
        return block + front;
    }
    static void release(void* p, const char* /*file*/, int /*line*/)
    {
        if (p == nullptr)
            return;
        auto* const block = static_cast<std::uint8_t*>(p) - front;
        std::size_t size = 0;
        std::memcpy(&size, block, sizeof size);
        in_use -= size;
        std::free(block);
    }
    static void* reallocate(void* p, std::size_t size, const char* file, int line)
    {
        void* const moved = allocate(size, file, line);
        if (p != nullptr && moved != nullptr) {
            std::size_t old_size = 0;
            std::memcpy(&old_size, static_cast<std::uint8_t*>(p) - front, sizeof old_size);
            std::memcpy(moved, p, std::min(size, old_size));
            release(p, file, line);
        }
        return moved;
    }

    bool installed = CRYPTO_set_mem_functions(allocate, reallocate, release) == 1;
};
// Before the statics of other files, which make certificates.
[[gnu::init_priority(200)]] const counted_heap heap;

octets random_octets(std::size_t count)
{
    std::mt19937_64 random(count);
    octets out(count);
    for (auto& o : out)
        o = static_cast<std::uint8_t>(random());
    return out;
}

struct connected : pair {
    connected() { shake_hands(); }
};

BOOST_FIXTURE_TEST_SUITE(data, connected)

BOOST_AUTO_TEST_CASE(batches_both_ways)
{
    for (const std::size_t size : {1UL, 16'384UL, 16'385UL, 65'536UL, 300'001UL}) {
        const auto batch = random_octets(size);
        octets at_server;
        octets at_client;
        BOOST_TEST(!client.write(batch, to_server));
        BOOST_TEST(!server.write(batch, to_client));
        BOOST_TEST(!read_all(server, to_server, at_server, to_client, 1460, 1000));
        BOOST_TEST(!read_all(client, to_client, at_client, to_server));
        BOOST_TEST((at_server == batch), size);
        BOOST_TEST((at_client == batch), size);
    }
}

BOOST_AUTO_TEST_CASE(one_octet_at_a_time)
{
    const auto batch = random_octets(40'000);
    octets got;
    BOOST_TEST(!client.write(batch, to_server));
    BOOST_TEST(!client.write(batch, to_server));
    BOOST_TEST(!read_all(server, to_server, got, to_client, 1));
    BOOST_TEST(got.size() == 80'000U);
    BOOST_TEST(std::equal(batch.begin(), batch.end(), got.begin() + 40'000));
}

BOOST_AUTO_TEST_CASE(a_batch_grows_the_output_once)
{
    const auto batch = random_octets(256 * 1024);
    BOOST_TEST(!client.write(batch, to_server));
    const auto overhead = to_server.size() - batch.size();
    BOOST_TEST(overhead == 16U * 22U);  // TLS 1.3: header, type and tag for each 16 KiB
    BOOST_TEST(to_server.capacity() < batch.size() + 17U * 32U + 1U);
}

BOOST_AUTO_TEST_CASE(an_empty_batch_is_nothing)
{
    BOOST_TEST(!client.write({}, to_server));
    BOOST_TEST(to_server.empty());
}

BOOST_AUTO_TEST_CASE(close_is_told_after_the_data)
{
    BOOST_TEST(!client.write(random_octets(1000), to_server));
    client.shutdown(to_server);
    octets got;
    const auto ec = read_all(server, to_server, got, to_client, 1 << 20, 100'000);
    BOOST_TEST(got.size() == 1000U);
    BOOST_TEST(ec == error_code(tls::errc::closed));
    // The other direction is still open.
    BOOST_TEST(!server.write(random_octets(10), to_client));
    octets answer;
    BOOST_TEST(!read_all(client, to_client, answer, to_server));
    BOOST_TEST(answer.size() == 10U);
}

BOOST_AUTO_TEST_CASE(truncation_is_no_close)
{
    BOOST_TEST(!client.write(random_octets(1000), to_server));
    client.shutdown(to_server);
    auto cut = take(to_server, to_server.size() - 1);
    octets room(5000);
    server.feed(cut);
    BOOST_TEST(*server.read(room, to_client) == 1000U);
    BOOST_TEST(*server.read(room, to_client) == 0U);  // not errc::closed
}

BOOST_AUTO_TEST_CASE(a_changed_octet_is_found)
{
    BOOST_TEST(!client.write(random_octets(1000), to_server));
    auto wire = take(to_server, 1 << 20);
    wire[500] ^= 1;
    octets room(5000);
    server.feed(wire);
    BOOST_TEST(server.read(room, to_client).error() == error_code(tls::errc::protocol_error));
    BOOST_TEST(server.read(room, to_client).error() == error_code(tls::errc::protocol_error));
    BOOST_TEST(server.write(wire, to_client) == error_code(tls::errc::protocol_error));
    BOOST_TEST(!to_client.empty());  // the alert
}

BOOST_AUTO_TEST_CASE(no_close_before_the_handshake)
{
    pair fresh;
    fresh.client.shutdown(fresh.to_server);
    BOOST_TEST(fresh.to_server.empty());
}

BOOST_AUTO_TEST_CASE(an_idle_engine_owns_no_buffers)
{
    BOOST_TEST_REQUIRE(heap.installed);
    const auto client_context = *tls::context::make_client(client_settings());
    const auto server_context = *tls::context::make_server(server_settings());
    const auto before = counted_heap::in_use;
    {
        pair p;
        p.client = *tls::engine::client(*client_context, "a.example");
        p.server = *tls::engine::server(*server_context);
        p.shake_hands();
        octets got;
        BOOST_TEST(!p.client.write(random_octets(100'000), p.to_server));
        BOOST_TEST(!read_all(p.server, p.to_server, got, p.to_client));
        BOOST_TEST(got.size() == 100'000U);
        // Both ends together; the two record buffers of one end alone are 34 KiB.
        BOOST_TEST(counted_heap::in_use - before < 34U * 1024U);
    }
    BOOST_TEST(counted_heap::in_use - before < 1024U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
