#include <penstock/mux/receive_window.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>

namespace {

namespace data = boost::unit_test::data;
using namespace std::chrono_literals;
using namespace penstock::mux;
using std::chrono::microseconds;

constexpr time_point start{1'000s};
constexpr std::uint64_t share = 16 * 1024 * 1024;

/// A sender that always has octets, a path with a rate and a delay, a consumer with a rate; time
/// goes in steps of a quarter of a millisecond.
struct path {
    microseconds round_trip;
    double rate_bytes_per_us;
    double consumer_bytes_per_us;
    window_terms terms{.round_trip = round_trip, .share_bytes = share};

    receive_window window{window_bytes_first, start};
    std::uint64_t peer_limit = window_bytes_first;
    std::uint64_t sent = 0;
    double link_credit = 0;
    double consumer_credit = 0;
    std::uint64_t consumed = 0;
    std::uint64_t windows_sent = 0;
    time_point now = start;
    std::deque<std::pair<time_point, std::uint64_t>> to_receiver{};
    std::deque<std::pair<time_point, std::uint64_t>> to_sender{};

    void run(microseconds how_long)
    {
        constexpr microseconds step{250};
        for (const auto end = now + how_long; now < end; now += step) {
            link_credit = std::min(link_credit + rate_bytes_per_us * 250, rate_bytes_per_us * 500);
            for (; !to_sender.empty() && to_sender.front().first <= now; to_sender.pop_front())
                peer_limit = std::max(peer_limit, to_sender.front().second);
            const auto may_send =
                std::min<std::uint64_t>(peer_limit - sent, static_cast<std::uint64_t>(link_credit));
            if (may_send > 0) {
                sent += may_send;
                link_credit -= static_cast<double>(may_send);
                to_receiver.emplace_back(now + round_trip / 2, may_send);
            }
            for (; !to_receiver.empty() && to_receiver.front().first <= now;
                 to_receiver.pop_front())
                BOOST_TEST_REQUIRE(window.receive(to_receiver.front().second));
            consume();
        }
    }

private:
    void consume()
    {
        consumer_credit += consumer_bytes_per_us * 250;
        const auto bytes =
            std::min<std::uint64_t>(window.buffered(), static_cast<std::uint64_t>(consumer_credit));
        consumer_credit = std::min(consumer_credit - static_cast<double>(bytes), 1e6);
        if (bytes == 0)
            return;
        consumed += bytes;
        if (const auto limit = window.consume(bytes, terms, now)) {
            ++windows_sent;
            to_sender.emplace_back(now + round_trip / 2, *limit);
        }
    }
};

struct growth {
    int round_trip_ms;
    double rate_mbit;

    friend std::ostream& operator<<(std::ostream& os, const growth& g)
    {
        return os << g.round_trip_ms << " ms, " << g.rate_mbit << " Mbit/s";
    }
};

const growth paths[] = {{1, 1'000}, {20, 500}, {100, 200}, {300, 100}};

path path_of(const growth& g, double consumer_mbit)
{
    return {microseconds(g.round_trip_ms * 1'000), g.rate_mbit / 8, consumer_mbit / 8};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(receive_windows)

BOOST_DATA_TEST_CASE(a_fast_path_is_filled_within_eight_round_trips, data::make(paths), sample)
{
    auto p = path_of(sample, 10'000);
    const auto bandwidth_delay = p.rate_bytes_per_us * static_cast<double>(p.round_trip.count());
    p.run(8 * p.round_trip);
    BOOST_TEST(p.window.window_bytes() >= 0.9 * bandwidth_delay);

    p.run(2 * p.round_trip);  // the sender hears of it, and what it sends then arrives
    const auto before = p.consumed;
    p.run(8 * p.round_trip);
    BOOST_TEST(static_cast<double>(p.consumed - before) >= 0.9 * 8 * bandwidth_delay);
}

BOOST_DATA_TEST_CASE(a_window_a_quarter_larger_than_its_path_fills_it, data::make(paths), sample)
{
    auto p = path_of(sample, 10'000);
    const auto bandwidth_delay = p.rate_bytes_per_us * static_cast<double>(p.round_trip.count());
    p.terms.share_bytes = static_cast<std::uint64_t>(1.25 * bandwidth_delay) + window_bytes_floor;
    p.run(20 * p.round_trip);
    const auto before = p.consumed;
    p.run(20 * p.round_trip);
    BOOST_TEST(static_cast<double>(p.consumed - before) >= 0.97 * 20 * bandwidth_delay);
}

BOOST_DATA_TEST_CASE(a_window_is_not_much_larger_than_its_path_needs, data::make(paths), sample)
{
    auto p = path_of(sample, 10'000);
    p.run(40 * p.round_trip);
    const auto bandwidth_delay = p.rate_bytes_per_us * static_cast<double>(p.round_trip.count());
    BOOST_TEST(p.window.window_bytes() <= 4 * bandwidth_delay + 64 * 1024);
}

BOOST_DATA_TEST_CASE(a_slow_reader_gets_no_larger_window, data::make(paths), sample)
{
    const double consumer_mbit = 0.1 * 64 * 1024 * 8 / (sample.round_trip_ms * 1'000);
    auto p = path_of(sample, consumer_mbit);
    p.run(40 * p.round_trip);
    BOOST_TEST(p.window.window_bytes() <= window_bytes_first);
    BOOST_TEST(p.window.buffered() <= window_bytes_first);
}

BOOST_AUTO_TEST_CASE(a_reader_that_stops_is_sent_its_window_and_nothing_more)
{
    auto p = path_of({20, 500}, 0);
    p.run(5s);
    BOOST_TEST(p.sent == window_bytes_first);
    BOOST_TEST(p.windows_sent == 0U);
}

BOOST_AUTO_TEST_CASE(a_grown_window_shrinks_when_the_stream_becomes_quiet)
{
    auto p = path_of({20, 500}, 10'000);
    p.run(400ms);
    const auto grown = p.window.window_bytes();
    BOOST_TEST(grown > 1'000'000U);
    p.rate_bytes_per_us = 0.1;
    p.run(10s);
    BOOST_TEST(p.window.window_bytes() == window_bytes_first);
}

BOOST_AUTO_TEST_CASE(bursts_after_silence_do_not_ratchet_a_window_up)
{
    receive_window window(window_bytes_first, start);
    const window_terms terms{.round_trip = 20ms, .share_bytes = share};
    auto now = start;
    for (int i = 0; i < 1'000; ++i) {
        const std::size_t burst = i % 2 == 0 ? 100 : 30'000;
        BOOST_TEST_REQUIRE(window.receive(burst));
        now += 21ms;
        (void)window.consume(burst, terms, now);
    }
    BOOST_TEST(window.window_bytes() <= 160'000U);
}

BOOST_AUTO_TEST_CASE(a_window_grows_to_its_share_and_no_further)
{
    auto p = path_of({100, 1'000}, 10'000);
    p.terms.share_bytes = 300'000;
    p.run(3s);
    BOOST_TEST(p.window.window_bytes() == 300'000U);
}

BOOST_AUTO_TEST_CASE(short_memory_stops_growth_and_takes_back_what_was_grown)
{
    auto p = path_of({20, 500}, 10'000);
    p.terms.may_grow = false;
    p.run(1s);
    BOOST_TEST(p.window.window_bytes() <= window_bytes_first);

    p.terms.may_grow = true;
    p.run(1s);
    BOOST_TEST(p.window.window_bytes() > 1'000'000U);
    p.terms.may_grow = false;
    p.terms.share_bytes = 1;
    p.run(1s);
    BOOST_TEST(p.window.window_bytes() == window_bytes_floor);
    const auto before = p.consumed;
    p.run(1s);
    BOOST_TEST(p.consumed > before);  // small, but it moves
}

BOOST_AUTO_TEST_CASE(very_short_memory_grants_only_to_streams_that_hold_nothing)
{
    receive_window window(65'536, start);
    BOOST_TEST(window.receive(65'536));
    const window_terms terms{.share_bytes = share, .may_grow = false, .only_if_empty = true};
    BOOST_TEST(!window.consume(65'535, terms, start + 1s).has_value());
    BOOST_TEST(window.consume(1, terms, start + 1s).has_value());
}

BOOST_AUTO_TEST_CASE(a_limit_is_exact)
{
    receive_window window(65'536, start);
    BOOST_TEST(window.receive(65'535));
    BOOST_TEST(window.receive(1));
    BOOST_TEST(!window.receive(1));
}

BOOST_AUTO_TEST_CASE(no_window_frame_for_crumbs)
{
    // RFC 1122 section 4.2.3.3: a reader that takes one octet at a time costs few frames.
    auto p = path_of({20, 500}, 0);
    p.run(100ms);
    const window_terms terms{.round_trip = 20ms, .share_bytes = share};
    std::uint64_t granted = 0, frames = 0, last = window_bytes_first;
    for (int i = 0; i < 65'536; ++i) {
        if (const auto limit = p.window.consume(1, terms, start + 200ms)) {
            granted += *limit - last;
            last = *limit;
            ++frames;
        }
    }
    BOOST_TEST(frames >= 1U);
    BOOST_TEST(granted / frames >= 16 * 1024U);
}

BOOST_AUTO_TEST_CASE(everything_consumed_always_leaves_credit_to_go_on)
{
    // Whatever a stream's history, a sender that used its credit and whose octets were all taken
    // has at least a quarter of a window again: no stream can stop for ever.
    for (const std::uint32_t first : {window_bytes_floor, window_bytes_first, 1'000'000U}) {
        for (const std::uint64_t terms_share : {std::uint64_t{1}, share}) {
            for (const bool may_grow : {true, false}) {
                receive_window window(first, start);
                const window_terms terms{
                    .share_bytes = terms_share, .may_grow = may_grow, .only_if_empty = !may_grow
                };
                std::uint64_t peer_limit = first;
                auto now = start;
                for (int i = 0; i < 200; ++i) {
                    const auto burst = peer_limit - window.received();
                    BOOST_TEST_REQUIRE(burst >= 4'096U);
                    BOOST_TEST_REQUIRE(window.receive(burst));
                    now += i % 3 * 700us;
                    if (const auto limit = window.consume(burst / 3, terms, now))
                        peer_limit = *limit;
                    if (const auto limit = window.consume(burst - burst / 3, terms, now))
                        peer_limit = *limit;
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_raised_limit_never_goes_back)
{
    receive_window window(65'536, start);
    window.raise_limit(1'000);
    BOOST_TEST(window.limit() == 65'536U);
    window.raise_limit(70'000);
    BOOST_TEST(window.limit() == 70'000U);
}

BOOST_AUTO_TEST_SUITE_END()
