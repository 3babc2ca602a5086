#define BOOST_TEST_MODULE tunnel
#include <boost/asio/write.hpp>

#include <random>

#include "link_pair.hpp"

using namespace tunnel_test;

namespace {

std::string random_text(std::size_t size, unsigned seed)
{
    std::mt19937 random(seed);
    std::string text(size, '\0');
    for (auto& c : text)
        c = static_cast<char>(random());
    return text;
}

struct writer {
    writer(tcp::socket& socket, std::string text) : text_(std::move(text))
    {
        asio::async_write(
            socket,
            asio::buffer(text_),
            [this, &socket](const error_code& e, std::size_t) {
                ec = e;
                done = true;
                error_code ignored;
                socket.shutdown(tcp::socket::shutdown_send, ignored);
            }
        );
    }
    std::string text_;
    error_code ec;
    bool done = false;
};

}  // namespace

BOOST_AUTO_TEST_CASE(octets_arrive_whole_in_both_directions_at_once)
{
    link_pair pair;
    auto client = pair.open_stream();
    auto& target = pair.targets.back();
    const auto up = random_text(5'000'000, 1), down = random_text(6'000'000, 2);
    collector at_target(target), at_client(client);
    writer to_target(client, up), to_client(target, down);
    pair.run_until([&] { return at_target.ec && at_client.ec; });
    BOOST_TEST((at_target.text == up));
    BOOST_TEST((at_client.text == down));
    BOOST_TEST(at_client.ec == asio::error::eof);
    pair.run_until([&] {
        return pair.client_owner.ended.size() == 1 && pair.server_owner.ended.size() == 1;
    });
    BOOST_TEST((pair.client_owner.ended.front().second == failure::none));
    BOOST_TEST(pair.client->lane().stream_count() == 0u);
    BOOST_TEST(pair.resources.lease.used_bytes() == 0u);
}

BOOST_AUTO_TEST_CASE(half_close_keeps_the_reply)
{
    link_pair pair;
    auto client = pair.open_stream();
    auto& target = pair.targets.back();
    collector at_target(target);
    writer request(client, "question");
    pair.run_until([&] { return bool(at_target.ec); });
    BOOST_TEST(at_target.text == "question");
    BOOST_TEST(at_target.ec == asio::error::eof);
    collector at_client(client);
    writer reply(target, random_text(300'000, 3));
    pair.run_until([&] { return bool(at_client.ec); });
    BOOST_TEST((at_client.text == reply.text_));
}

BOOST_AUTO_TEST_CASE(a_reset_arrives_as_a_reset_on_either_side)
{
    for (const bool from_target : {false, true}) {
        link_pair pair;
        failure told = failure::none;
        auto client = pair.open_stream([&](failure why) { told = why; });
        auto& target = pair.targets.back();
        auto& breaker = from_target ? target : client;
        collector seen(from_target ? client : target);
        asio::write(breaker, asio::buffer("half a body", 11));
        pair.run_until([&] { return seen.text.size() == 11; });
        breaker.set_option(asio::socket_base::linger(true, 0));
        breaker.close();
        pair.run_until([&] { return bool(seen.ec); });
        BOOST_TEST(seen.ec == asio::error::connection_reset);
        pair.run_until([&] { return told != failure::none; });
        BOOST_TEST((told == failure::target_reset));
    }
}

BOOST_AUTO_TEST_CASE(a_reader_that_stops_holds_up_nobody_and_stops_its_source)
{
    link_pair pair;
    auto stopped = pair.open_stream();
    auto& stopped_target = pair.targets.back();
    const auto flood = random_text(64'000'000, 4);
    std::size_t taken = 0;
    stopped_target.non_blocking(true);
    auto other = pair.open_stream();
    auto& other_target = pair.targets.back();
    collector at_other(other);
    writer to_other(other_target, random_text(20'000'000, 5));
    std::size_t unmoved_rounds = 0;
    pair.run_until([&] {
        error_code ec;
        const auto n = stopped_target.write_some(asio::buffer(flood) + taken, ec);
        taken += n;
        unmoved_rounds = n > 0 ? 0 : unmoved_rounds + 1;
        return at_other.ec && unmoved_rounds > 1'000;
    });
    BOOST_TEST((at_other.text == to_other.text_));
    BOOST_TEST(taken < flood.size());
    // What its consumer's kernel took at first let the window grow; beyond the window nothing is
    // ever held.
    BOOST_TEST(pair.client->lane().buffered_bytes() <= pair.config.window_bytes_max);
}

BOOST_AUTO_TEST_CASE(an_abort_is_noticed_though_the_stream_may_send_nothing)
{
    link_pair pair;
    failure told = failure::none;
    auto client = pair.open_stream([&](failure why) { told = why; });
    const auto flood = random_text(1'000'000, 6);
    client.non_blocking(true);
    std::size_t unmoved_rounds = 0;
    pair.run_until([&] {  // the target reads nothing: credit and buffers are used up
        error_code ec;
        const auto n = client.write_some(asio::buffer(flood), ec);
        unmoved_rounds = n > 0 ? 0 : unmoved_rounds + 1;
        return unmoved_rounds > 10;
    });
    client.set_option(asio::socket_base::linger(true, 0));
    client.close();
    pair.run_until([&] { return told != failure::none; });
    BOOST_TEST((told == failure::target_reset));
    pair.run_until([&] { return !pair.server_owner.ended.empty(); });
    BOOST_TEST((pair.server_owner.ended.front().second == failure::target_reset));
}

BOOST_AUTO_TEST_CASE(a_refused_open_tells_why)
{
    link_pair pair;
    pair.server_owner.opened =
        [](tunnel::lane_driver& driver, local_stream::pointer stream, mux::open_frame request) {
            BOOST_TEST(to_string(request.destination) == "target.example:80");
            driver.refuse(stream, failure::connection_refused, "192.0.2.1:80 refused");
        };
    mux::open_frame request;
    request.destination = *parse_target("target.example:80");
    auto stream = pair.client->open(request);
    bool answered = false;
    stream->on_answer([&] { answered = true; });
    pair.run_until([&] { return answered; });
    BOOST_TEST((stream->answer()->code == failure::connection_refused));
    BOOST_TEST(stream->answer()->detail == "192.0.2.1:80 refused");
    BOOST_TEST(stream->ended());
}

BOOST_AUTO_TEST_CASE(a_lost_link_resets_its_streams_and_tells_the_owner)
{
    link_pair pair;
    failure told = failure::none;
    auto client = pair.open_stream([&](failure why) { told = why; });
    collector at_client(client), at_target(pair.targets.back());
    pair.server->abandon();
    pair.run_until([&] { return pair.client_owner.lost && at_client.ec && at_target.ec; });
    BOOST_TEST((told == failure::session_lost));
    BOOST_TEST(at_client.ec == asio::error::connection_reset);
    BOOST_TEST(!pair.client_owner.lost_clean);
}

/// The server goes before it has read the OPEN: DRAIN, which does not count it, and the end of the
/// lane are all that comes back.
BOOST_AUTO_TEST_CASE(an_open_that_crosses_a_drain_was_never_looked_at)
{
    link_pair pair;
    mux::open_frame request;
    request.destination = *parse_target("target.example:80");
    const auto stream = pair.client->open(request);
    BOOST_REQUIRE(stream);
    bool answered = false;
    stream->on_answer([&] { answered = true; });
    pair.server->drain(std::chrono::seconds(5), "restart");
    pair.run_until([&] { return answered; });
    BOOST_TEST((stream->answer()->code != failure::none));
    BOOST_TEST(stream->answer()->never_looked_at);
    BOOST_TEST(pair.targets.empty());
}

BOOST_AUTO_TEST_CASE(an_open_that_a_lost_link_leaves_unanswered_may_have_been_looked_at)
{
    link_pair pair;
    mux::open_frame request;
    request.destination = *parse_target("target.example:80");
    const auto stream = pair.client->open(request);
    BOOST_REQUIRE(stream);
    bool answered = false;
    stream->on_answer([&] { answered = true; });
    pair.server->abandon();
    pair.run_until([&] { return answered; });
    BOOST_TEST(!stream->answer()->never_looked_at);
}

BOOST_AUTO_TEST_CASE(a_lane_that_is_drained_says_close_before_its_link_ends)
{
    link_pair pair;
    pair.server->drain(std::chrono::seconds(5), "restart");
    pair.run_until([&] { return pair.client_owner.lost && pair.server_owner.lost; });
    BOOST_TEST(pair.client_owner.lost_why == "the peer closed the session: drained");
    BOOST_TEST(pair.client_owner.lost_clean);
}

BOOST_AUTO_TEST_CASE(a_drained_link_keeps_its_stream_and_then_goes_cleanly)
{
    link_pair pair;
    auto client = pair.open_stream();
    auto& target = pair.targets.back();
    pair.server->drain(std::chrono::seconds(5), "restart");
    pair.run_until([&] { return pair.client_owner.draining; });
    mux::open_frame request;
    request.destination = *parse_target("target.example:80");
    BOOST_TEST(!pair.client->open(request));
    collector at_client(client), at_target(target);
    writer up(client, random_text(200'000, 6)), down(target, random_text(200'000, 7));
    pair.run_until([&] { return pair.client_owner.lost && pair.server_owner.lost; });
    BOOST_TEST((at_client.text == down.text_));
    BOOST_TEST((at_target.text == up.text_));
    BOOST_TEST(pair.client_owner.lost_clean);
    BOOST_TEST(pair.server_owner.lost_clean);
}

BOOST_AUTO_TEST_CASE(garbage_on_the_link_ends_it_with_a_reason)
{
    link_pair pair(false);
    pair.server->start();
    auto [near, far] = socket_pair(pair.context);
    recording_owner owner;
    const auto victim = pair.make(std::move(far), mux::side::accepting, owner);
    victim->start();
    asio::write(near, asio::buffer("GET / HTTP/1.1\r\n\r\n", 18));
    collector answer(near);
    pair.run_until([&] { return bool(answer.ec); });
    near.close();
    pair.run_until([&] { return owner.lost; });
    BOOST_TEST(owner.lost_why.find("WebSocket") != std::string::npos);
    BOOST_TEST(!owner.lost_clean);
    BOOST_TEST(static_cast<unsigned char>(answer.text.at(0)) == 0x88u);  // a close frame
}

BOOST_AUTO_TEST_CASE(a_link_without_a_hello_is_given_up)
{
    link_pair pair(false);
    pair.config.hello_timeout = std::chrono::milliseconds(20);
    auto [near, far] = socket_pair(pair.context);
    recording_owner owner;
    const auto waiting = pair.make(std::move(far), mux::side::accepting, owner);
    waiting->start();
    collector silent(near);
    pair.run_until([&] { return bool(silent.ec); });
    near.close();
    pair.run_until([&] { return owner.lost; });
    BOOST_TEST(owner.lost_why == "no HELLO in time");
    BOOST_TEST(!owner.lost_clean);
}

BOOST_AUTO_TEST_CASE(a_refused_hello_is_no_clean_end_and_keeps_its_reason)
{
    link_pair pair(false);
    pair.server_owner.hello = [](tunnel::lane_driver& driver) {
        mux::hello_err_frame why;
        why.why = {static_cast<std::uint16_t>(mux::refusal::limit_reached), "too many lanes"};
        driver.refuse_hello(why);
    };
    pair.client->send_hello({});
    pair.client->start();
    pair.server->start();
    pair.run_until([&] { return pair.client_owner.lost && pair.server_owner.lost; });
    BOOST_TEST(pair.client_owner.lost_why.find("too many lanes") != std::string::npos);
    BOOST_TEST(!pair.client_owner.lost_clean);
    BOOST_TEST(
        pair.client->refused_code() == static_cast<std::uint16_t>(mux::refusal::limit_reached)
    );
}
