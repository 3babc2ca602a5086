#include <boost/test/unit_test.hpp>

#include "scripted_lane.hpp"

namespace {

using namespace mux_test;

/// Stream 1, opened by the peer and accepted.
void open_stream(scripted_lane& l, std::uint32_t limit = 65'536)
{
    l.greet();
    BOOST_TEST_REQUIRE(l.receive(open_frame(1, 0, 0, limit)) == "requested 1 example.org:80 0");
    l.accept(1);
    BOOST_TEST_REQUIRE(l.sent() == "OPEN_OK 1 limit=65536");
}

scripted_lane server() { return scripted_lane({.role = side::accepting}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(sending_credit)

BOOST_AUTO_TEST_CASE(not_an_octet_more_than_was_granted)
{
    auto l = server();
    open_stream(l, 20'000);
    l.supply(1, 100'000);
    BOOST_TEST(l.sent() == "DATA 1 16384; DATA 1 3616");
    BOOST_TEST(!l.lane.wants_to_send());
    BOOST_TEST(l.receive(window_frame(1, 30'000)).empty());
    BOOST_TEST(l.sent() == "DATA 1 10000");
}

BOOST_AUTO_TEST_CASE(a_window_that_goes_backwards_changes_nothing)
{
    auto l = server();
    open_stream(l, 20'000);
    l.supply(1, 100'000);
    (void)l.sent();
    BOOST_TEST(
        l.receive(window_frame(1, 40'000) + window_frame(1, 10'000) + window_frame(1, 0)).empty()
    );
    BOOST_TEST(l.sent() == "DATA 1 16384; DATA 1 3616");
}

BOOST_AUTO_TEST_CASE(a_window_beyond_all_measure_ends_the_lane)
{
    constexpr std::uint64_t hard = 64 * 1024 * 1024;
    auto l = server();
    open_stream(l);
    l.supply(1, 1'000);
    BOOST_TEST(l.sent() == "DATA 1 1000");
    BOOST_TEST(l.receive(window_frame(1, 1'000 + hard)).empty());
    BOOST_TEST(l.receive(window_frame(1, 1'001 + hard)) == "error 32");

    auto other = server();
    open_stream(other);
    BOOST_TEST(other.receive(window_frame(1, ~std::uint64_t{0})) == "error 32");
}

BOOST_AUTO_TEST_CASE(crumbs_of_credit_are_not_worth_a_frame)
{
    auto l = server();
    open_stream(l, 20'000);
    l.supply(1, 19'500);
    BOOST_TEST(l.sent() == "DATA 1 16384; DATA 1 3116");
    l.supply(1, 1'000);
    BOOST_TEST(l.sent().empty());  // 500 octets of credit: wait for the WINDOW that is coming
    BOOST_TEST(l.receive(window_frame(1, 20'523)).empty());
    BOOST_TEST(l.sent().empty());
    BOOST_TEST(l.receive(window_frame(1, 20'524)).empty());
    BOOST_TEST(l.sent() == "DATA 1 1000");
}

BOOST_AUTO_TEST_CASE(a_first_grant_of_crumbs_is_used)
{
    auto l = server();
    open_stream(l, 10);
    l.supply(1, 100);
    BOOST_TEST(l.sent() == "DATA 1 10");
}

BOOST_AUTO_TEST_CASE(open_ok_never_takes_credit_back)
{
    scripted_lane l;
    l.greet();
    BOOST_TEST(l.open() == 1U);
    l.supply(1, 100'000);
    BOOST_TEST(l.sent() == "OPEN 1 example.org:80 limit=65536; DATA 1 16384");
    BOOST_TEST(l.receive(open_ok_frame(1, 5)) == "opened 1");
    BOOST_TEST(l.sent().empty());
    BOOST_TEST(l.receive(window_frame(1, 20'000)).empty());
    BOOST_TEST(l.sent() == "DATA 1 3616");
}

BOOST_AUTO_TEST_CASE(no_data_before_the_streams_own_open_or_open_ok)
{
    auto l = server();
    l.greet();
    BOOST_TEST(
        l.receive(open_frame(1) + open_frame(3)) ==
        "requested 1 example.org:80 0; requested 3 example.org:80 0"
    );
    l.accept(1);
    l.accept(3);
    l.supply(1, 10);
    l.supply(3, 10);
    flat_buffer first;
    l.lane.poll_control(first, 17, l.now);  // an ACK, and room for one of them
    BOOST_TEST(describe_message(first.view(), true) == "OPEN_OK 1 limit=65536");
    const auto slot = l.lane.poll_data(1'000);
    BOOST_TEST_REQUIRE(slot.has_value());
    BOOST_TEST((slot->id == l.id_of(1)));
    l.lane.set_ready(slot->id, false);
    BOOST_TEST(!l.lane.poll_data(1'000).has_value());
    BOOST_TEST(l.sent() == "OPEN_OK 3 limit=65536; DATA 3 10");
}

BOOST_AUTO_TEST_CASE(a_fin_alone_needs_no_octet)
{
    auto l = server();
    open_stream(l);
    l.supply(1, 0, true);
    BOOST_TEST(l.sent() == "DATA 1 0 fin");
    l.supply(1, 100);
    BOOST_TEST(l.sent().empty());  // nothing behind FIN
}

BOOST_AUTO_TEST_CASE(no_slot_without_room_for_an_octet)
{
    auto l = server();
    open_stream(l);
    l.supply(1, 100);
    BOOST_TEST(!l.lane.poll_data(mux::frame_header_bytes).has_value());
    const auto slot = l.lane.poll_data(mux::frame_header_bytes + 1);
    BOOST_TEST_REQUIRE(slot.has_value());
    BOOST_TEST(slot->payload_bytes_max == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(receiving_credit)

BOOST_AUTO_TEST_CASE(the_last_octet_of_the_limit_is_taken_and_one_more_ends_the_lane)
{
    auto l = server();
    open_stream(l);
    BOOST_TEST(
        l.receive(data_frame(1, 60'000) + data_frame(1, 5'536)) == "data 1 60000; data 1 5536"
    );
    BOOST_TEST(l.receive(data_frame(1, 0, flag_fin)) == "data 1 0 fin");

    auto other = server();
    open_stream(other);
    BOOST_TEST(
        other.receive(data_frame(1, 60'000) + data_frame(1, 5'537)) == "data 1 60000; error 32"
    );
}

BOOST_AUTO_TEST_CASE(credit_is_granted_on_consumption_and_not_on_receipt)
{
    auto l = server();
    open_stream(l);
    BOOST_TEST(l.receive(data_frame(1, 60'000)) == "data 1 60000");
    BOOST_TEST(l.sent().empty());
    l.consume(1, 60'000);
    BOOST_TEST(l.sent() == "WINDOW 1 125536");
}

BOOST_AUTO_TEST_CASE(one_window_frame_tells_however_often_something_was_consumed)
{
    auto l = server();
    open_stream(l);
    BOOST_TEST(l.receive(data_frame(1, 60'000)) == "data 1 60000");
    for (int i = 0; i < 60; ++i)
        l.consume(1, 1'000);
    const auto words = l.sent();
    BOOST_TEST(words.starts_with("WINDOW 1 "));
    BOOST_TEST(words.find(';') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_consumed_before_open_ok_is_written_is_granted_with_it)
{
    // Memory is short, so the window is the smallest: a grant that got lost would stop the stream
    // for ever.
    scripted_lane l({.role = side::accepting}, 16 * 1024 * 1024);
    l.greet();
    l.lease.take(12 * 1024 * 1024);
    BOOST_TEST(l.receive(open_frame(1, 16'384)) == "requested 1 example.org:80 16384");
    l.accept(1);
    l.consume(1, 16'384);
    BOOST_TEST(l.sent() == "OPEN_OK 1 limit=32768");
    l.lease.give(12 * 1024 * 1024);
}

BOOST_AUTO_TEST_CASE(data_of_a_dialing_stream_waits_within_its_credit)
{
    auto l = server();
    l.greet();
    BOOST_TEST(
        l.receive(open_frame(1, 10'000) + data_frame(1, 6'384, flag_fin)) ==
        "requested 1 example.org:80 10000; data 1 6384 fin"
    );
    BOOST_TEST(l.lane.buffered_bytes() == 16'384U);
    l.lane.refuse(l.id_of(1), failure::dial_timeout, "");
    BOOST_TEST(l.lane.buffered_bytes() == 0U);
    BOOST_TEST(l.sent() == "OPEN_FAIL 1 6");
}

BOOST_AUTO_TEST_CASE(a_request_may_end_with_its_open)
{
    auto l = server();
    l.greet();
    BOOST_TEST(l.receive(open_frame(1, 10, flag_fin)) == "requested 1 example.org:80 10 fin");
    BOOST_TEST(l.receive(data_frame(1, 1)) == "error 35");
}

BOOST_AUTO_TEST_CASE(empty_data_without_fin_is_an_error)
{
    auto l = server();
    open_stream(l);
    BOOST_TEST(l.receive(data_frame(1, 0)) == "error 33");
}

BOOST_AUTO_TEST_SUITE_END()
