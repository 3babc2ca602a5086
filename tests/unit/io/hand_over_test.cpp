// Listening sockets go from one process to the next; here both sides are in one.
#include <penstock/io/hand_over.hpp>

#include <boost/asio/local/stream_protocol.hpp>

#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>

#include "hand_over_fixture.hpp"

using namespace support;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

tcp::socket connect_to(asio::io_context& context, const io::listener& l)
{
    tcp::socket client(context);
    client.connect(std::get<tcp::endpoint>(l.address()));
    return client;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(handing_over)

BOOST_FIXTURE_TEST_CASE(nobody_at_the_path_is_no_error, folder_fixture)
{
    BOOST_TEST(!io::hand_over_taker::connect(path(), "server"));
}

BOOST_FIXTURE_TEST_CASE(the_next_listener_takes_what_the_old_one_leaves_in_the_queue, giving)
{
    auto outcome = served();
    auto taker = io::hand_over_taker::connect(path(), "server");
    BOOST_TEST_REQUIRE(taker.has_value());
    auto taken = taker->take();
    BOOST_TEST_REQUIRE(taken.size() == 1u);
    BOOST_TEST(io::to_string(taken[0].address) == io::to_string(old.address()));
    BOOST_TEST(!taken[0].owns_path);

    old.start();
    const auto before = connect_to(context, old);
    run_until(context, [&] { return arrived.size() == 1; });
    const io::listen_address where = old.address();
    io::listener next(context, std::move(taken[0]), hooks());
    taker->ready();
    BOOST_TEST((outcome.get().what == kind::handed_over));
    BOOST_TEST(taker->peer() == ::getpid());

    old.give_up();
    const auto meanwhile = connect_to(context, next);  // in the queue of the socket
    context.restart();
    context.poll();
    BOOST_TEST(arrived.size() == 1u);
    next.start();
    run_until(context, [&] { return arrived.size() == 2; });
    BOOST_TEST(io::to_string(next.address()) == io::to_string(where));
}

BOOST_FIXTURE_TEST_CASE(the_path_is_private_and_goes_with_its_owner, folder_fixture)
{
    {
        const io::hand_over_giver giver(path(), "server");
        struct stat info{};
        BOOST_TEST_REQUIRE(::lstat(path().c_str(), &info) == 0);
        BOOST_TEST(S_ISSOCK(info.st_mode));
        BOOST_TEST((info.st_mode & 0777) == 0600);
    }
    BOOST_TEST(fs::is_empty(folder));
}

BOOST_FIXTURE_TEST_CASE(who_takes_over_takes_the_path_as_well, giving)
{
    auto outcome = served();
    auto taker = io::hand_over_taker::connect(path(), "server");
    (void)taker->take();
    taker->ready();
    BOOST_TEST((outcome.get().what == kind::handed_over));
    {
        const io::hand_over_giver next(path(), "server");
        BOOST_TEST(io::hand_over_taker::connect(path(), "server").has_value());
    }
    BOOST_TEST(fs::is_empty(folder));
}

BOOST_FIXTURE_TEST_CASE(whoever_goes_before_being_ready_has_changed_nothing, giving)
{
    for (const bool has_asked : {false, true}) {
        auto outcome = served();
        {
            auto taker = io::hand_over_taker::connect(path(), "server");
            if (has_asked)
                (void)taker->take();
        }
        BOOST_TEST((outcome.get().what == kind::given_up));
    }
    auto outcome = served();
    auto taker = io::hand_over_taker::connect(path(), "server");
    BOOST_TEST(taker->take().size() == 1u);
    taker->ready();
    BOOST_TEST((outcome.get().what == kind::handed_over));
}

BOOST_FIXTURE_TEST_CASE(whoever_says_nothing_is_given_up, folder_fixture)
{
    const auto old = listen("127.0.0.1:0");
    io::hand_over_giver giver(
        path(), "server", {.ask_timeout = 20ms, .answer_timeout = 20ms, .ready_timeout = 20ms}
    );
    const auto silent = io::hand_over_taker::connect(path(), "server");
    BOOST_TEST((serve(giver, {old.shared()}).what == kind::given_up));
}

BOOST_FIXTURE_TEST_CASE(another_role_gets_nothing, giving)
{
    auto outcome = served();
    auto taker = io::hand_over_taker::connect(path(), "gateway");
    BOOST_CHECK_EXCEPTION((void)taker->take(), io::hand_over_error, [](const auto& e) {
        return std::string(e.what()).ends_with("does not hand over: this is a penstock server");
    });
    BOOST_TEST((outcome.get().what == kind::given_up));
}

BOOST_FIXTURE_TEST_CASE(more_sockets_than_fit_are_refused, folder_fixture)
{
    const auto old = listen("127.0.0.1:0");
    io::hand_over_giver giver(path(), "server");
    const std::vector many(io::inherited_sockets_max + 1, old.shared());
    auto outcome = std::async(std::launch::async, [&] { return serve(giver, many); });
    auto taker = io::hand_over_taker::connect(path(), "server");
    BOOST_CHECK_THROW((void)taker->take(), io::hand_over_error);
    BOOST_TEST((outcome.get().what == kind::given_up));
}

BOOST_FIXTURE_TEST_CASE(as_many_sockets_as_fit_go_over, folder_fixture)
{
    const auto old = listen("127.0.0.1:0");
    io::hand_over_giver giver(path(), "server");
    const std::vector many(io::inherited_sockets_max, old.shared());
    auto outcome = std::async(std::launch::async, [&] { return serve(giver, many); });
    auto taker = io::hand_over_taker::connect(path(), "server");
    BOOST_TEST(taker->take().size() == io::inherited_sockets_max);
    taker->ready();
    BOOST_TEST((outcome.get().what == kind::handed_over));
}

BOOST_FIXTURE_TEST_CASE(a_file_at_the_path_is_left_alone, folder_fixture)
{
    std::ofstream(path()) << "precious";
    BOOST_CHECK_THROW(io::hand_over_giver(path(), "server"), io::hand_over_error);
    BOOST_TEST(fs::file_size(path()) == 8u);
}

BOOST_FIXTURE_TEST_CASE(a_unix_socket_keeps_its_name_until_its_last_owner_goes, folder_fixture)
{
    const auto name = path("proxy.sock");
    auto old = std::make_unique<io::listener>(listen("unix:" + name));
    const auto shared = old->shared();
    BOOST_TEST(shared.owns_path);
    {
        io::listener next(
            context, io::adopt(io::unique_descriptor(::dup(shared.descriptor)), true), hooks()
        );
        next.own_path(true);
        old->give_up();
        old.reset();
        BOOST_TEST(fs::exists(name));
    }
    BOOST_TEST(!fs::exists(name));
}

BOOST_FIXTURE_TEST_CASE(a_unix_socket_that_was_not_let_go_keeps_its_name, folder_fixture)
{
    const auto name = path("proxy.sock");
    {
        const auto old = listen("unix:" + name);
        {
            const io::listener next(
                context,
                io::adopt(io::unique_descriptor(::dup(old.shared().descriptor)), true),
                hooks()
            );
            BOOST_TEST(next.shared().owns_path);
        }
        BOOST_TEST(fs::exists(name));
    }
    BOOST_TEST(!fs::exists(name));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(inherited_sockets)

BOOST_AUTO_TEST_CASE(what_does_not_listen_is_refused)
{
    for (const int type : {SOCK_STREAM, SOCK_DGRAM})
        BOOST_CHECK_THROW(
            (void)io::adopt(io::unique_descriptor(::socket(AF_INET, type, 0)), false),
            io::listen_error
        );
    BOOST_CHECK_THROW(
        (void)io::adopt(io::unique_descriptor(::open("/dev/null", O_RDONLY)), false),
        io::listen_error
    );
}

BOOST_FIXTURE_TEST_CASE(an_exact_address_goes_before_any_port, listener_fixture)
{
    const auto one = listen("127.0.0.1:0"), two = listen("127.0.0.1:0"), other = listen("[::1]:0");
    std::vector<io::inherited_socket> offered;
    for (const auto* l : {&one, &two, &other})
        offered.push_back(io::adopt(io::unique_descriptor(::dup(l->shared().descriptor)), false));
    const auto taken = io::take_wanted(
        {address_of("127.0.0.1:0"), one.address(), address_of("127.0.0.2:0")}, offered
    );
    BOOST_TEST_REQUIRE((taken[0] && taken[1] && !taken[2]));
    BOOST_TEST(io::to_string(taken[0]->address) == io::to_string(two.address()));
    BOOST_TEST(io::to_string(taken[1]->address) == io::to_string(one.address()));
    BOOST_TEST_REQUIRE(offered.size() == 1u);
    BOOST_TEST(io::to_string(offered[0].address) == io::to_string(other.address()));
}

BOOST_AUTO_TEST_SUITE_END()
