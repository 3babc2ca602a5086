#include <penstock/mux/scheduler.hpp>

#include <boost/test/unit_test.hpp>

#include <map>
#include <memory>

namespace {

using namespace penstock::mux;

constexpr std::size_t chunk = 16 * 1024;

/// Streams that have `left` octets to send, served in chunks.
class bench {
public:
    stream& add(std::uint32_t id, std::uint8_t weight, std::size_t left)
    {
        auto s = std::make_unique<stream>(stream_id{id}, stream_state::open, 65'536, time_point{});
        s->weight = weight;
        auto& record = *streams_.emplace_back(std::move(s));
        feed(record, left);
        return record;
    }
    void feed(stream& s, std::size_t octets)
    {
        left_[&s] += octets;
        schedule.activate(s);
    }
    /// Id of the stream that sent one chunk, or what was left of it; 0: nobody.
    std::uint32_t serve()
    {
        auto* const s = schedule.next([this](const stream& c) { return left_[&c] > 0; });
        if (s == nullptr)
            return 0;
        const auto bytes = std::min(left_[s], chunk);
        left_[s] -= bytes;
        schedule.charge(*s, bytes);
        sent[static_cast<std::uint32_t>(s->id)] += bytes;
        return static_cast<std::uint32_t>(s->id);
    }

    scheduler schedule;
    std::map<std::uint32_t, std::size_t> sent;

private:
    std::map<const stream*, std::size_t> left_;
    std::vector<std::unique_ptr<stream>> streams_;
};

constexpr std::size_t endless = 1ULL << 40;

}  // namespace

BOOST_AUTO_TEST_SUITE(scheduling)

BOOST_AUTO_TEST_CASE(equal_streams_get_equal_shares)
{
    bench b;
    for (std::uint32_t id = 1; id <= 9; id += 2)
        b.add(id, 2, endless);
    for (int i = 0; i < 5'000; ++i)
        (void)b.serve();
    for (std::uint32_t id = 1; id <= 9; id += 2)
        BOOST_TEST(b.sent[id] == 1'000 * chunk);
}

BOOST_AUTO_TEST_CASE(shares_follow_the_weights)
{
    bench b;
    b.add(1, 4, endless);
    b.add(3, 2, endless);
    b.add(5, 1, endless);
    for (int i = 0; i < 7'000; ++i)
        (void)b.serve();
    const auto share = [&](std::uint32_t id) {
        return static_cast<double>(b.sent[id]) / (7'000.0 * chunk);
    };
    BOOST_TEST(share(1) == 4.0 / 7, boost::test_tools::tolerance(0.01));
    BOOST_TEST(share(3) == 2.0 / 7, boost::test_tools::tolerance(0.01));
    BOOST_TEST(share(5) == 1.0 / 7, boost::test_tools::tolerance(0.01));
}

BOOST_AUTO_TEST_CASE(a_keystroke_waits_for_no_download)
{
    bench b;
    for (std::uint32_t id = 1; id <= 19; id += 2)
        b.add(id, 2, endless);
    for (int i = 0; i < 200; ++i)
        (void)b.serve();

    auto& shell = b.add(99, 2, 0);
    for (int i = 0; i < 50; ++i) {
        (void)b.serve();  // it had nothing: leaves the lists at its turn
        for (int j = 0; j < 15; ++j)
            (void)b.serve();
        b.feed(shell, 100);
        BOOST_TEST(b.serve() == 99U);
    }
}

BOOST_AUTO_TEST_CASE(a_stream_that_pretends_to_be_sparse_starves_nobody)
{
    // It comes back with a quantum's worth each time it was served; RFC 8290 section 4.1 lets it
    // have at most one turn as a new one for each of the others' turns.
    bench b;
    b.add(1, 2, endless);
    auto& pusher = b.add(3, 2, 2 * chunk);
    for (int i = 0; i < 3'000; ++i) {
        if (b.serve() == 3)
            b.feed(pusher, chunk);
    }
    BOOST_TEST(b.sent[1] >= 900 * chunk);
}

BOOST_AUTO_TEST_CASE(every_stream_is_served_within_one_round)
{
    bench b;
    for (std::uint32_t id = 1; id <= 199; id += 2)
        b.add(id, 1, endless);
    for (int i = 0; i < 100; ++i)
        (void)b.serve();
    BOOST_TEST(b.sent.size() == 100U);
}

BOOST_AUTO_TEST_CASE(nothing_to_send_ends_the_turn)
{
    bench b;
    BOOST_TEST(b.serve() == 0U);
    b.add(1, 2, 10);
    BOOST_TEST(b.schedule.has_fresh());
    BOOST_TEST(b.serve() == 1U);
    BOOST_TEST(b.schedule.any());
    BOOST_TEST(b.serve() == 0U);
    BOOST_TEST(!b.schedule.any());
    BOOST_TEST(!b.schedule.has_fresh());
}

BOOST_AUTO_TEST_CASE(a_stream_that_ends_leaves_the_lists_by_itself)
{
    scheduler schedule;
    {
        stream gone(stream_id{1}, stream_state::open, 65'536, time_point{});
        schedule.activate(gone);
        schedule.activate(gone);
        BOOST_TEST(schedule.any());
    }
    BOOST_TEST(!schedule.any());
}

BOOST_AUTO_TEST_SUITE_END()
