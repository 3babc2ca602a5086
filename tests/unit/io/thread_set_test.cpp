#include <penstock/io/buffer_pool.hpp>
#include <penstock/io/thread_set.hpp>

#include <boost/asio/post.hpp>

#include <future>
#include <pthread.h>
#include <stdexcept>

#include "support.hpp"

using namespace support;
using io::thread_set;

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(each_context_has_its_named_thread)
{
    thread_set threads(2);
    std::promise<std::string> names[2];
    std::promise<std::size_t> indexes[2];
    for (std::size_t i = 0; i < 2; ++i) {
        asio::post(threads.context(i), [&, i] {
            char name[16];
            pthread_getname_np(pthread_self(), name, sizeof name);
            names[i].set_value(name);
            indexes[i].set_value(thread_set::current().value());
        });
    }
    threads.start();
    for (std::size_t i = 0; i < 2; ++i) {
        BOOST_TEST(names[i].get_future().get() == "penstock/" + std::to_string(i));
        BOOST_TEST(indexes[i].get_future().get() == i);
    }
    BOOST_TEST(!thread_set::current().has_value());
    threads.stop();
    threads.join();
}

BOOST_AUTO_TEST_CASE(none_is_taken_as_one) { BOOST_TEST(thread_set(0).size() == 1u); }

BOOST_AUTO_TEST_CASE(an_escaped_exception_is_told_and_the_thread_goes_on)
{
    std::promise<std::string> told;
    thread_set threads(1, [&](std::exception_ptr escaped) {
        try {
            std::rethrow_exception(escaped);
        } catch (const std::exception& e) {
            told.set_value(e.what());
        }
    });
    std::promise<void> next;
    asio::post(threads.context(0), [] { throw std::runtime_error("escaped"); });
    asio::post(threads.context(0), [&] { next.set_value(); });
    threads.start();
    BOOST_TEST(told.get_future().get() == "escaped");
    next.get_future().get();
}

BOOST_AUTO_TEST_CASE(stops_from_its_own_thread)
{
    thread_set threads(3);
    asio::post(threads.context(1), [&] { threads.stop(); });
    threads.start();
    threads.join();  // comes back
    BOOST_TEST(threads.context(0).stopped());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(lent_buffers)

BOOST_AUTO_TEST_CASE(a_buffer_given_back_is_lent_again)
{
    asio::io_context context(1);
    auto& pool = io::buffer_pool::of(context);
    auto first = pool.lend();
    BOOST_TEST(first.bytes().size() == io::buffer_pool::buffer_octets);
    const auto* const memory = first.bytes().data();
    first.give_back();
    BOOST_TEST(!first);
    BOOST_TEST(pool.kept() == 1u);
    const auto second = pool.lend();
    BOOST_TEST(second.bytes().data() == memory);
    BOOST_TEST(pool.kept() == 0u);
}

BOOST_AUTO_TEST_CASE(no_more_than_kept_max_are_kept)
{
    asio::io_context context(1);
    auto& pool = io::buffer_pool::of(context);
    {
        std::vector<io::lent_buffer> many;
        for (std::size_t i = 0; i < io::buffer_pool::kept_max + 3; ++i)
            many.push_back(pool.lend());
    }
    BOOST_TEST(pool.kept() == io::buffer_pool::kept_max);
}

BOOST_AUTO_TEST_CASE(moving_gives_back_what_was_held)
{
    asio::io_context context(1);
    auto& pool = io::buffer_pool::of(context);
    auto a = pool.lend();
    auto b = pool.lend();
    const auto* const memory = b.bytes().data();
    a = std::move(b);
    BOOST_TEST(pool.kept() == 1u);
    BOOST_TEST(a.bytes().data() == memory);
}

BOOST_AUTO_TEST_SUITE_END()
