#include <penstock/net/connector.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/data/test_case.hpp>

#include <map>
#include <memory>
#include <optional>
#include <ostream>

#include "support.hpp"

using namespace support;
using namespace std::chrono_literals;
namespace net = penstock::net;
namespace data = boost::unit_test::data;
using penstock::failure;

BOOST_AUTO_TEST_SUITE(connecting)

tcp::endpoint at(const char* address, std::uint16_t port = 80)
{
    return {asio::ip::make_address(address), port};
}

const auto refused = error_code(asio::error::connection_refused);
const auto unreachable = error_code(asio::error::network_unreachable);

/// A network under the test's control: an address answers as scripted, or not at all.
struct fixture {
    struct started {
        tcp::socket* socket;  ///< lives as long as `done`
        std::function<void(error_code)> done;
    };
    asio::io_context context{1};
    net::connect_settings settings;
    std::map<tcp::endpoint, error_code> answers;
    std::vector<tcp::endpoint> order;
    std::map<tcp::endpoint, started> attempts;
    std::optional<net::connect_outcome> outcome;
    asio::cancellation_signal stop;

    fixture()
    {
        settings.deadline = settings.attempt_timeout = settings.stagger = 1h;
        settings.connect =
            [this](
                tcp::socket& socket, const tcp::endpoint& to, std::function<void(error_code)> done
            ) {
                order.push_back(to);
                socket.open(to.protocol());
                if (const auto known = answers.find(to); known != answers.end())
                    asio::post(context, [done, ec = known->second] { done(ec); });
                attempts[to] = {&socket, std::move(done)};
            };
    }

    void start(std::vector<tcp::endpoint> candidates)
    {
        asio::co_spawn(
            context,
            net::connect(std::move(candidates), settings),
            asio::bind_cancellation_slot(
                stop.slot(),
                [this](std::exception_ptr thrown, net::connect_outcome o) {
                    BOOST_TEST(!thrown);
                    outcome = std::move(o);
                }
            )
        );
    }
    void run(std::vector<tcp::endpoint> candidates)
    {
        start(std::move(candidates));
        run_until(context, [this] { return outcome.has_value(); });
    }
};

BOOST_AUTO_TEST_CASE(families_take_turns_ipv6_first)
{
    const auto order = net::interleave_families(
        {at("192.0.2.1"), at("192.0.2.2"), at("192.0.2.3"), at("2001:db8::1"), at("2001:db8::2")}, 4
    );
    const std::vector<tcp::endpoint> expected{
        at("2001:db8::1"), at("192.0.2.1"), at("2001:db8::2"), at("192.0.2.2")
    };
    BOOST_TEST((order == expected));
    BOOST_TEST(net::interleave_families({}, 4).empty());
    BOOST_TEST(net::interleave_families({at("192.0.2.1")}, 0).empty());
}

BOOST_FIXTURE_TEST_CASE(an_address_may_be_tried_again_beside_itself, fixture)
{
    settings.stagger = 1ms;
    start({at("192.0.2.1"), at("192.0.2.1")});
    run_until(context, [this] { return order.size() == 2; });
    BOOST_TEST(!outcome);
    attempts.at(at("192.0.2.1")).done({});  // the second one's
    run_until(context, [this] { return outcome.has_value(); });
    BOOST_TEST((outcome->code == failure::none));
}

BOOST_FIXTURE_TEST_CASE(a_failure_starts_the_next_at_once, fixture)
{
    answers = {{at("2001:db8::1"), unreachable}, {at("192.0.2.1"), {}}};
    run({at("192.0.2.1"), at("2001:db8::1")});
    BOOST_TEST((outcome->code == failure::none));
    BOOST_TEST_REQUIRE(outcome->socket.has_value());
    BOOST_TEST(outcome->remote == at("192.0.2.1"));
    BOOST_TEST(order.size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(silence_starts_the_next_after_the_stagger_and_the_loser_is_closed, fixture)
{
    settings.stagger = 1ms;
    answers = {{at("192.0.2.1"), {}}};
    run({at("2001:db8::1"), at("192.0.2.1")});
    BOOST_TEST(outcome->remote == at("192.0.2.1"));
    const auto& loser = attempts.at(at("2001:db8::1"));
    BOOST_TEST(!loser.socket->is_open());
    loser.done({});  // too late: harmless
    BOOST_TEST(outcome->socket->is_open());
}

BOOST_FIXTURE_TEST_CASE(the_first_may_still_win_after_the_second_has_started, fixture)
{
    settings.stagger = 1ms;
    start({at("192.0.2.1"), at("192.0.2.2")});
    run_until(context, [this] { return order.size() == 2; });
    attempts.at(at("192.0.2.1")).done({});
    run_until(context, [this] { return outcome.has_value(); });
    BOOST_TEST(outcome->remote == at("192.0.2.1"));
    BOOST_TEST(!attempts.at(at("192.0.2.2")).socket->is_open());
}

BOOST_FIXTURE_TEST_CASE(one_address_that_is_silent_is_given_up, fixture)
{
    settings.attempt_timeout = 1ms;
    answers = {{at("192.0.2.2"), {}}};
    run({at("192.0.2.1"), at("192.0.2.2")});
    BOOST_TEST(outcome->remote == at("192.0.2.2"));
}

BOOST_FIXTURE_TEST_CASE(the_deadline_ends_it_all, fixture)
{
    settings.deadline = 1ms;
    run({at("192.0.2.1"), at("192.0.2.2")});
    BOOST_TEST((outcome->code == failure::dial_timeout));
    BOOST_TEST(outcome->detail.starts_with("192.0.2.1:80: "));
    BOOST_TEST(!attempts.at(at("192.0.2.1")).socket->is_open());
}

BOOST_FIXTURE_TEST_CASE(no_more_than_so_many_addresses_are_tried, fixture)
{
    settings.addresses_max = 2;
    for (const char* address : {"192.0.2.1", "192.0.2.2", "192.0.2.3"})
        answers[at(address)] = refused;
    run({at("192.0.2.1"), at("192.0.2.2"), at("192.0.2.3")});
    BOOST_TEST((outcome->code == failure::connection_refused));
    BOOST_TEST(order.size() == 2u);
}

BOOST_FIXTURE_TEST_CASE(without_addresses_there_is_nothing_to_connect_to, fixture)
{
    run({});
    BOOST_TEST((outcome->code != failure::none));
    BOOST_TEST(!outcome->detail.empty());
}

BOOST_FIXTURE_TEST_CASE(cancellation_closes_every_attempt, fixture)
{
    settings.stagger = 1ms;
    start({at("192.0.2.1"), at("192.0.2.2")});
    run_until(context, [this] { return order.size() == 2; });
    stop.emit(asio::cancellation_type::terminal);
    run_until(context, [this] { return outcome.has_value(); });
    BOOST_TEST((outcome->code != failure::none));
    for (const auto& [to, one] : attempts)
        BOOST_TEST(!one.socket->is_open());
}

struct mixed {
    const char* what;
    error_code first, second;
    failure expected;

    friend std::ostream& operator<<(std::ostream& os, const mixed& m) { return os << m.what; }
};

const mixed mixed_failures[] = {
    {"refused and unreachable", refused, unreachable, failure::connection_refused},
    {"unreachable and refused", unreachable, refused, failure::connection_refused},
    {"time-out and unreachable", asio::error::timed_out, unreachable, failure::dial_timeout},
    {"network and host", unreachable, asio::error::host_unreachable, failure::host_unreachable},
    {"refused and time-out", refused, asio::error::timed_out, failure::connection_refused},
    {"unreachable twice", unreachable, unreachable, failure::network_unreachable},
};

BOOST_DATA_TEST_CASE_F(
    fixture, the_most_telling_failure_is_reported, data::make(mixed_failures), sample
)
{
    answers = {{at("192.0.2.1"), sample.first}, {at("192.0.2.2"), sample.second}};
    run({at("192.0.2.1"), at("192.0.2.2")});
    BOOST_TEST((outcome->code == sample.expected));
}

/// The same on real sockets.
struct loopback_fixture : fixture {
    loopback_fixture() { settings = {}; }
};

BOOST_FIXTURE_TEST_CASE(connects_over_both_families_without_delay, loopback_fixture)
{
    for (const char* address : {"127.0.0.1", "::1"}) {
        tcp::acceptor target(context, at(address, 0));
        outcome.reset();
        run({target.local_endpoint()});
        BOOST_TEST_REQUIRE((outcome->code == failure::none), outcome->detail);
        tcp::no_delay no_delay;
        outcome->socket->get_option(no_delay);
        BOOST_TEST(no_delay.value());
        BOOST_TEST(outcome->socket->remote_endpoint() == target.local_endpoint());
    }
}

BOOST_FIXTURE_TEST_CASE(a_closed_port_refuses, loopback_fixture)
{
    std::optional<tcp::acceptor> closed(std::in_place, context, at("127.0.0.1", 0));
    const auto nobody = closed->local_endpoint();
    closed.reset();
    run({nobody});
    BOOST_TEST((outcome->code == failure::connection_refused));
    BOOST_TEST(outcome->detail.ends_with(": Connection refused"));
}

BOOST_FIXTURE_TEST_CASE(a_full_backlog_is_a_time_out, loopback_fixture)
{
    tcp::acceptor target(context, tcp::v4());
    target.bind(at("127.0.0.1", 0));
    target.listen(0);
    tcp::socket first(context);
    first.connect(target.local_endpoint());  // fills it; nobody accepts

    settings.deadline = 20ms;
    run({target.local_endpoint()});
    BOOST_TEST((outcome->code == failure::dial_timeout));
}

BOOST_AUTO_TEST_SUITE_END()
