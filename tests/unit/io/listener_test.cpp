#include <penstock/io/thread_set.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <fcntl.h>
#include <future>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

#include "listener_fixture.hpp"

using namespace support;

BOOST_AUTO_TEST_SUITE(listening)

tcp::endpoint endpoint_of(const io::listener& listening)
{
    return std::get<tcp::endpoint>(listening.address());
}

BOOST_FIXTURE_TEST_CASE(port_zero_is_a_real_port_when_bound, listener_fixture)
{
    auto listening = listen("127.0.0.1:0");
    BOOST_TEST(endpoint_of(listening).port() != 0);
    listening.start();
    tcp::socket client(context);
    client.connect(endpoint_of(listening));
    run_until(context, [&] { return arrived.size() == 1; });

    tcp::no_delay no_delay;
    arrived[0].get_option(no_delay);
    BOOST_TEST(no_delay.value());
    asio::write(client, asio::buffer("x", 1));
    char octet = 0;
    arrived[0].non_blocking(false);
    BOOST_TEST(arrived[0].read_some(asio::buffer(&octet, 1)) == 1u);
}

BOOST_FIXTURE_TEST_CASE(ipv6_works_and_is_only_ipv6, listener_fixture)
{
    auto six = listen("[::1]:0");
    six.start();
    tcp::socket client(context);
    client.connect(endpoint_of(six));
    run_until(context, [&] { return arrived.size() == 1; });

    auto any_six = listen("[::]:0");
    auto four = listen("0.0.0.0:" + std::to_string(endpoint_of(any_six).port()));
    BOOST_TEST(endpoint_of(four).port() == endpoint_of(any_six).port());
}

BOOST_FIXTURE_TEST_CASE(a_port_in_use_is_told_by_name, listener_fixture)
{
    const auto first = listen("127.0.0.1:0");
    const auto text = io::to_string(first.address());
    BOOST_TEST(
        refusal(text) == text + " is in use by another program (choose another with --listen)"
    );
}

BOOST_FIXTURE_TEST_CASE(a_foreign_address_is_told_by_name, listener_fixture)
{
    BOOST_TEST(
        refusal("192.0.2.77:1080").starts_with("192.0.2.77:1080 is not an address of this machine")
    );
}

BOOST_FIXTURE_TEST_CASE(a_port_is_free_again_after_close, listener_fixture)
{
    auto listening = listen("127.0.0.1:0");
    listening.start();
    const auto text = io::to_string(listening.address());
    listening.close();
    listening.close();
    context.run();  // comes back: the accept loop has ended
    BOOST_TEST(refusal(text) == "listens");
}

BOOST_AUTO_TEST_CASE(connections_arrive_on_the_chosen_thread)
{
    io::thread_set threads(2);
    std::size_t turn = 0;
    // Boost.Test is not for several threads: they only write down what they see.
    struct arrival {
        std::optional<std::size_t> thread;
        bool at_home = false;
    };
    std::promise<arrival> arrivals[2];
    const io::listener_hooks hooks{
        .choose = [&]() -> asio::io_context& { return threads.context(turn++ % 2); },
        .accepted =
            [&](asio::io_context& owner, io::stream_socket socket) {
                const std::size_t index = &owner == &threads.context(0) ? 0 : 1;
                const asio::execution_context& home = socket.get_executor().context();
                arrivals[index].set_value({io::thread_set::current(), &home == &owner});
            },
        .trouble = {},
    };
    io::listener listening(threads.context(0), address_of("127.0.0.1:0"), hooks);
    listening.start();
    threads.start();
    asio::io_context own(1);
    tcp::socket first(own), second(own);
    first.connect(endpoint_of(listening));
    second.connect(endpoint_of(listening));
    for (std::size_t index = 0; index < 2; ++index) {
        const auto seen = arrivals[index].get_future().get();
        BOOST_TEST(seen.thread.value() == index);
        BOOST_TEST(seen.at_home);
    }
    threads.stop();
    threads.join();
}

BOOST_FIXTURE_TEST_CASE(an_exception_of_the_owner_does_not_end_accepting, listener_fixture)
{
    bool thrown = false;
    auto failing = hooks();
    failing.accepted = [&](asio::io_context&, io::stream_socket socket) {
        if (!std::exchange(thrown, true))
            throw std::runtime_error("owner");
        arrived.push_back(std::move(socket));
    };
    io::listener listening(context, address_of("127.0.0.1:0"), failing);
    listening.start();
    tcp::socket first(context), second(context);
    first.connect(endpoint_of(listening));
    BOOST_CHECK_THROW(run_until(context, [&] { return arrived.size() == 1; }), std::runtime_error);
    second.connect(endpoint_of(listening));
    run_until(context, [&] { return arrived.size() == 1; });
}

/// Takes every descriptor that is left.
struct descriptor_eater {
    descriptor_eater()
    {
        ::getrlimit(RLIMIT_NOFILE, &before);
        const rlimit lowered{
            .rlim_cur = std::min<rlim_t>(before.rlim_cur, 256), .rlim_max = before.rlim_max
        };
        ::setrlimit(RLIMIT_NOFILE, &lowered);
        for (int fd = ::dup(0); fd >= 0; fd = ::dup(0))
            eaten.push_back(fd);
    }
    ~descriptor_eater()
    {
        for (const int fd : eaten)
            ::close(fd);
        ::setrlimit(RLIMIT_NOFILE, &before);
    }
    rlimit before{};
    std::vector<int> eaten;
};

BOOST_FIXTURE_TEST_CASE(
    without_descriptors_clients_are_refused_and_later_ones_served, listener_fixture
)
{
    io::listener_settings settings;
    settings.back_off_min = settings.back_off_max = std::chrono::milliseconds(1);
    io::listener listening(context, address_of("127.0.0.1:0"), hooks(), settings);
    listening.start();
    tcp::socket refused(context), also_refused(context), served(context);
    refused.open(tcp::v4());
    also_refused.open(tcp::v4());
    // UBSan needs a descriptor when it meets a class for the first time, so it meets this one now.
    const error_code expected = asio::error::eof;
    {
        const descriptor_eater eater;
        refused.connect(endpoint_of(listening));
        also_refused.connect(endpoint_of(listening));
        for (auto* socket : {&refused, &also_refused}) {
            socket->non_blocking(true);
            error_code ec = asio::error::would_block;
            run_until(context, [&] {
                read_some(*socket, ec);
                return ec != asio::error::would_block;
            });
            BOOST_TEST(ec == expected);
        }
    }
    BOOST_TEST_REQUIRE(troubles.size() == 1u);  // one report for both
    BOOST_TEST(troubles[0].ec == asio::error::no_descriptors);
    BOOST_TEST(troubles[0].refused == 1u);
    BOOST_TEST(arrived.empty());
    served.connect(endpoint_of(listening));
    run_until(context, [&] { return arrived.size() == 1; });
}

BOOST_AUTO_TEST_SUITE_END()
