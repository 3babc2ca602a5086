#include <penstock/mux/replay_log.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <vector>

#include "scripted_lane.hpp"

namespace {

namespace data = boost::unit_test::data;
using namespace mux_test;
using mux::replay_log;

constexpr auto block = replay_log::block_bytes;

/// DATA whose octets tell its number and their place in it.
octets numbered_frame(std::uint32_t number, std::size_t payload_bytes)
{
    auto frame = data_frame(number + 1, payload_bytes);
    for (std::size_t i = mux::frame_header_bytes; i < frame.size(); ++i)
        frame[i] = static_cast<std::uint8_t>(number * 31 + i * 7 + i / 256);
    return frame;
}

/// A log beside everything that ever went into it.
struct log_scene {
    void append(std::size_t payload_bytes)
    {
        const auto frame =
            sent.emplace_back(numbered_frame(static_cast<std::uint32_t>(sent.size()), payload_bytes)
            );
        log.append(frame);
    }
    /// Whether the log sends exactly the frames from `seq` on, `bytes_max` at a time.
    bool replays_from(std::size_t seq, std::size_t bytes_max = 1 << 20)
    {
        octets expected;
        for (auto i = seq; i < sent.size(); ++i)
            expected = expected + sent[i];
        log.rewind();
        flat_buffer out;
        while (log.replaying())
            log.poll_replay(out, bytes_max);
        return std::ranges::equal(out.view(), expected);
    }
    std::size_t polled_bytes(std::size_t bytes_max)
    {
        flat_buffer out;
        log.poll_replay(out, bytes_max);
        return out.size();
    }
    [[nodiscard]] std::size_t blocks() const
    {
        BOOST_TEST(lease.used_bytes() % block == 0U);
        return lease.used_bytes() / block;
    }

    memory_budget whole{100 * 1024 * 1024};
    budget_lease lease{whole};
    std::vector<octets> sent;
    replay_log log{lease};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(replay_logs)

BOOST_AUTO_TEST_CASE(an_empty_log_holds_and_replays_nothing)
{
    log_scene s;
    BOOST_TEST(!s.log.replaying());
    BOOST_TEST(s.log.size_bytes() == 0U);
    s.log.rewind();
    s.log.drop_below(0);
    s.log.trim();
    s.log.clear();
    BOOST_TEST(s.polled_bytes(1'000) == 0U);
    BOOST_TEST(s.blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(what_was_just_sent_is_not_sent_again_until_rewound)
{
    log_scene s;
    s.append(10);
    s.append(20);
    BOOST_TEST(s.log.first_seq() == 0U);
    BOOST_TEST(s.log.next_seq() == 2U);
    BOOST_TEST(s.log.size_bytes() == 2 * mux::frame_header_bytes + 30);
    BOOST_TEST(!s.log.replaying());
    BOOST_TEST(s.polled_bytes(1'000) == 0U);
    s.log.rewind();
    BOOST_TEST(s.log.replaying());
    BOOST_TEST(s.replays_from(0));
    BOOST_TEST(s.replays_from(0));  // as often as links are lost
}

// Frames that end right before, at and behind the border of a block, and headers across it.
BOOST_DATA_TEST_CASE(frames_across_the_border_of_blocks_come_back_as_they_went, data::xrange(0, 24))
{
    log_scene s;
    s.append(60'000);
    s.append(block - 60'000 - 4 * mux::frame_header_bytes + static_cast<std::size_t>(sample));
    for (const std::size_t payload : {0U, 1U, 61'440U, 10U, 0U, 61'440U, 8'192U})
        s.append(payload);
    for (std::size_t dropped = 0; dropped <= s.sent.size(); ++dropped) {
        s.log.drop_below(dropped);
        BOOST_TEST_CONTEXT("dropped " << dropped)
        {
            BOOST_TEST(s.log.first_seq() == dropped);
            BOOST_TEST(s.replays_from(dropped));
            BOOST_TEST(s.replays_from(dropped, 1));
        }
    }
    BOOST_TEST(s.log.size_bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_frame_that_fills_its_block_to_the_last_octet_leaves_no_empty_one_behind)
{
    log_scene s;
    s.append(block - 2 * mux::frame_header_bytes - 61'440);
    s.append(61'440);
    BOOST_TEST(s.log.size_bytes() == block);
    BOOST_TEST(s.blocks() == 1U);
    s.log.drop_below(2);
    s.log.trim();
    BOOST_TEST(s.blocks() == 0U);
    s.append(5);
    BOOST_TEST(s.blocks() == 1U);
    BOOST_TEST(s.replays_from(2));
}

BOOST_AUTO_TEST_CASE(a_replay_gives_one_frame_at_least_and_then_only_what_fits)
{
    log_scene s;
    for (const std::size_t payload : {992U, 992U, 992U, 2'992U})
        s.append(payload);
    s.log.rewind();
    BOOST_TEST(s.polled_bytes(0) == 1'000U);
    BOOST_TEST(s.polled_bytes(1) == 1'000U);
    s.log.rewind();
    BOOST_TEST(s.polled_bytes(1'999) == 1'000U);
    s.log.rewind();
    BOOST_TEST(s.polled_bytes(2'000) == 2'000U);
    BOOST_TEST(s.polled_bytes(3'999) == 1'000U);
    BOOST_TEST(s.polled_bytes(10) == 3'000U);
    BOOST_TEST(!s.log.replaying());
}

BOOST_AUTO_TEST_CASE(what_is_acknowledged_during_the_replay_is_not_sent_again)
{
    log_scene s;
    for (int i = 0; i < 5; ++i)
        s.append(92);
    s.log.rewind();
    BOOST_TEST(s.polled_bytes(1) == 100U);
    s.log.drop_below(1);
    BOOST_TEST(s.polled_bytes(1) == 100U);
    s.log.drop_below(4);  // beyond what was sent again so far
    BOOST_TEST(s.polled_bytes(1'000) == 100U);
    BOOST_TEST(!s.log.replaying());
    s.log.drop_below(5);
    BOOST_TEST(!s.log.replaying());
    s.append(92);
    BOOST_TEST(!s.log.replaying());
    BOOST_TEST(s.replays_from(5));
}

BOOST_AUTO_TEST_CASE(everything_acknowledged_during_the_replay_ends_it)
{
    log_scene s;
    for (int i = 0; i < 3; ++i)
        s.append(92);
    s.log.rewind();
    s.log.drop_below(3);
    BOOST_TEST(!s.log.replaying());
    s.append(10);
    BOOST_TEST(!s.log.replaying());
}

BOOST_AUTO_TEST_CASE(blocks_are_used_again_and_no_more_than_sixteen_wait_for_that)
{
    log_scene s;
    for (int i = 0; i < 100; ++i)
        s.append(50'000);
    const auto most = s.blocks();
    BOOST_TEST(most == (100U * 50'008U + block - 1) / block);
    s.log.drop_below(100);
    BOOST_TEST(s.blocks() == replay_log::spare_blocks_max);
    for (int i = 0; i < 10; ++i)
        s.append(50'000);
    BOOST_TEST(s.blocks() == replay_log::spare_blocks_max);
    BOOST_TEST(s.replays_from(100));
    s.log.trim();
    BOOST_TEST(s.blocks() == (10U * 50'008U + block - 1) / block);
    BOOST_TEST(s.replays_from(100));
    s.log.drop_below(110);  // blocks that come free behind a trim
    s.log.trim();
    BOOST_TEST(s.blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(a_log_that_is_acknowledged_as_it_goes_stays_at_two_blocks)
{
    log_scene s;
    for (std::uint32_t i = 0; i < 1'000; ++i) {
        s.append(20'000);
        s.log.drop_below(i + 1);
        BOOST_TEST_REQUIRE(s.blocks() <= 2U);
    }
}

BOOST_AUTO_TEST_CASE(a_cleared_log_forgets_its_octets_and_goes_on_counting)
{
    log_scene s;
    for (int i = 0; i < 50; ++i)
        s.append(9'000);
    s.log.drop_below(30);
    s.log.rewind();
    s.log.clear();
    BOOST_TEST(s.blocks() == 0U);
    BOOST_TEST(s.log.first_seq() == 50U);
    BOOST_TEST(s.log.next_seq() == 50U);
    BOOST_TEST(!s.log.replaying());
    s.append(70);
    BOOST_TEST(s.replays_from(50));
}

BOOST_AUTO_TEST_CASE(a_log_that_goes_away_gives_everything_back)
{
    memory_budget whole(100 * 1024 * 1024);
    budget_lease lease(whole);
    {
        replay_log log(lease);
        for (std::uint32_t i = 0; i < 40; ++i)
            log.append(numbered_frame(i, 30'000));
        log.drop_below(20);
        BOOST_TEST(lease.used_bytes() > 0U);
    }
    BOOST_TEST(lease.used_bytes() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
