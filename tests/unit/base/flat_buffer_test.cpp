#include <penstock/base/flat_buffer.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

namespace {

using penstock::flat_buffer;

penstock::byte_view octets_of(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string text_of(const flat_buffer& buffer)
{
    return {buffer.view().begin(), buffer.view().end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(flat_buffers)

BOOST_AUTO_TEST_CASE(new_ones_hold_nothing)
{
    const flat_buffer buffer;
    BOOST_TEST(buffer.empty());
    BOOST_TEST(buffer.size() == 0U);
    BOOST_TEST(buffer.capacity() == 0U);
    BOOST_TEST(buffer.view().empty());
}

BOOST_AUTO_TEST_CASE(what_is_appended_is_consumed_in_order)
{
    flat_buffer buffer;
    buffer.append(octets_of("hello "));
    buffer.append(octets_of(""));
    buffer.append(octets_of("world"));
    BOOST_TEST(text_of(buffer) == "hello world");
    buffer.consume(6);
    BOOST_TEST(text_of(buffer) == "world");
    buffer.consume(5);
    BOOST_TEST(buffer.empty());
}

BOOST_AUTO_TEST_CASE(prepared_room_is_content_only_once_committed)
{
    flat_buffer buffer;
    buffer.append(octets_of("ab"));
    const auto room = buffer.prepare(100);
    BOOST_TEST_REQUIRE(room.size() >= 100U);
    std::fill_n(room.begin(), 3, std::uint8_t{'c'});
    BOOST_TEST(text_of(buffer) == "ab");
    buffer.commit(3);
    BOOST_TEST(text_of(buffer) == "abccc");
}

BOOST_AUTO_TEST_CASE(room_is_found_at_the_consumed_front_before_memory_is_taken)
{
    flat_buffer buffer;
    buffer.append(octets_of(std::string(64, 'x') + "rest"));
    const auto capacity = buffer.capacity();
    buffer.consume(64);
    const auto room = buffer.prepare(capacity - 4);
    BOOST_TEST(room.size() >= capacity - 4);
    BOOST_TEST(buffer.capacity() == capacity);
    BOOST_TEST(text_of(buffer) == "rest");
}

BOOST_AUTO_TEST_CASE(clear_keeps_the_memory_and_release_gives_it_back)
{
    flat_buffer buffer;
    buffer.append(octets_of("content"));
    buffer.clear();
    BOOST_TEST(buffer.empty());
    BOOST_TEST(buffer.capacity() > 0U);
    buffer.release();
    BOOST_TEST(buffer.capacity() == 0U);
    buffer.append(octets_of("again"));
    BOOST_TEST(text_of(buffer) == "again");
}

BOOST_AUTO_TEST_CASE(it_agrees_with_a_string_whatever_the_order_of_calls)
{
    std::mt19937 random(20221);  // NOLINT(cert-msc51-cpp): the same run each time
    flat_buffer buffer;
    std::string model;
    for (int step = 0; step < 2'000; ++step) {
        const auto size = random() % 300;
        if (random() % 2 == 0) {
            const std::string text(size, static_cast<char>('a' + step % 26));
            buffer.append(octets_of(text));
            model += text;
        } else {
            const auto taken = std::min<std::size_t>(size, model.size());
            buffer.consume(taken);
            model.erase(0, taken);
        }
        BOOST_TEST_REQUIRE(text_of(buffer) == model);
    }
}

BOOST_AUTO_TEST_SUITE_END()
