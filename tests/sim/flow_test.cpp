#include <boost/test/unit_test.hpp>

#include "world.hpp"

namespace {

using namespace sim;

stream_plan download(std::uint64_t bytes)
{
    stream_plan p;
    p.down_bytes = bytes;
    return p;
}

/// When the last of the streams that end has ended.
microseconds
time_of(environment& env, const world_settings& settings, std::vector<stream_plan> plans)
{
    world w(env, settings, std::move(plans));
    w.run([&] { return w.all_over(); }, 10min);
    const auto ended = std::chrono::duration_cast<microseconds>(env.now - environment::start);
    w.run_for(2s);
    w.check_outcome();
    return ended;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flow)

BOOST_AUTO_TEST_CASE(a_stream_that_is_never_read_costs_its_neighbours_nothing)
{
    std::vector<stream_plan> plans(8, download(4'000'000));
    environment alone(1);
    const auto undisturbed = time_of(alone, {}, plans);

    plans.push_back(download(4'000'000));
    plans.back().client_reads_bytes_per_us = 0;
    environment beside(1);
    const auto disturbed = time_of(beside, {}, plans);
    BOOST_TEST(disturbed <= undisturbed * 102 / 100);
}

BOOST_AUTO_TEST_CASE(a_hundred_unread_streams_stop_nobody)
{
    std::vector<stream_plan> plans(100, download(1'000'000));
    for (auto& p : plans)
        p.client_reads_bytes_per_us = 0;
    plans.push_back(download(2'000'000));
    plans.back().opens_at = 5s;
    environment env(1);
    // 2 MB at 100 Mbit/s take 0.16 s, and the window has to grow first.
    BOOST_TEST(time_of(env, {}, plans) < 6s);
}

BOOST_AUTO_TEST_CASE(both_ends_only_writing_octet_by_octet_never_stop)
{
    world_settings settings;
    for (auto* const direction : {&settings.up, &settings.down}) {
        direction->piece_bytes_max = 1;
        direction->room_bytes = 1;
        direction->bytes_per_us = 0.5;
        direction->delay = 1ms;
    }
    std::vector<stream_plan> plans(4);
    for (auto& p : plans)
        p.up_bytes = p.down_bytes = 70'000;
    environment env(1);
    world w(env, settings, plans);
    w.client.batch_bytes = w.server.batch_bytes = 1;
    w.run([&] { return w.all_over(); }, 1min);
    w.check_outcome();
}

BOOST_AUTO_TEST_CASE(both_ends_only_writing_with_slow_readers_never_stop)
{
    std::vector<stream_plan> plans(20);
    for (auto& p : plans) {
        p.up_bytes = p.down_bytes = 500'000;
        p.client_reads_bytes_per_us = p.server_reads_bytes_per_us = 0.2;
    }
    world_settings settings;
    settings.up.room_bytes = settings.down.room_bytes = 1;
    environment env(1);
    world w(env, settings, plans);
    w.run([&] { return w.all_over(); }, 1min);
    w.check_outcome();
    // Nobody holds more than the windows of streams that are read slowly.
    BOOST_TEST(w.client.unread_bytes_most <= 20U * mux::window_bytes_first);
    BOOST_TEST(w.server.unread_bytes_most <= 20U * mux::window_bytes_first);
}

BOOST_AUTO_TEST_CASE(one_download_fills_a_long_path)
{
    world_settings settings;
    for (auto* const direction : {&settings.up, &settings.down}) {
        direction->delay = 150ms;
        direction->bytes_per_us = 12.5;
    }
    environment env(1);
    // 100 MB at 12.5 MB/s: 8 s, and 300 ms round trips to find out.
    BOOST_TEST(time_of(env, settings, {download(100'000'000)}) < 11s);
}

BOOST_AUTO_TEST_CASE(equal_downloads_end_together)
{
    environment env(1);
    world w(env, {}, std::vector<stream_plan>(5, download(5'000'000)));
    w.run([&] { return w.all_over(); }, 1min);
    auto first = time_point::max(), last = time_point::min();
    for (std::size_t i = 0; i < 5; ++i) {
        first = std::min(first, w.client.end_of(i)->finished_at);
        last = std::max(last, w.client.end_of(i)->finished_at);
    }
    BOOST_TEST((last - environment::start <= (first - environment::start) * 5 / 4));
}

BOOST_AUTO_TEST_CASE(a_keystroke_does_not_wait_for_ten_downloads)
{
    // 50 Mbit/s, batches of 16 KiB and a queue of 32 KiB in the kernel: about 8 ms, and the way
    // back.
    world_settings settings;
    settings.down.bytes_per_us = 6.25;
    settings.down.room_bytes = 32 * 1024;
    std::vector<stream_plan> plans(10, download(20'000'000));
    for (int i = 0; i < 40; ++i) {
        stream_plan key;
        key.opens_at = 3s + i * 40ms;
        key.dial_time = 0us;
        key.up_bytes = key.early_bytes = 50;
        key.down_bytes = 100;
        plans.push_back(key);
    }
    environment env(1);
    world w(env, settings, plans);
    w.server.batch_bytes = 16 * 1024;
    w.run([&] { return env.now >= environment::start + 6s; }, 1min);
    for (std::size_t i = 10; i < plans.size(); ++i) {
        const auto took =
            w.client.end_of(i)->finished_at - (environment::start + plans[i].opens_at);
        BOOST_TEST((took <= 20ms + 20ms));
    }
}

BOOST_AUTO_TEST_CASE(memory_stays_within_its_budget_when_every_reader_is_slow)
{
    world_settings settings;
    settings.budget_bytes = 3 * 1024 * 1024;
    std::vector<stream_plan> plans(100, download(150'000));
    for (auto& p : plans)
        p.client_reads_bytes_per_us = 0.03;
    environment env(1);
    world w(env, settings, plans);
    w.run([&] { return w.all_over(); }, 10min);
    w.check_outcome();
    // The first windows are granted before memory is short; after that nothing grows.
    BOOST_TEST(w.client.unread_bytes_most <= 100U * mux::window_bytes_first);
}

BOOST_AUTO_TEST_SUITE_END()
