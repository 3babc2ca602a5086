#include <boost/asio/local/stream_protocol.hpp>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sys/stat.h>

#include "folder_fixture.hpp"

using namespace support;
namespace fs = std::filesystem;
using local = asio::local::stream_protocol;

BOOST_AUTO_TEST_SUITE(unix_listening)

struct unix_fixture : folder_fixture {
    std::string path = folder_fixture::path("gateway.sock");

    std::string text() const { return "unix:" + path; }
};

BOOST_FIXTURE_TEST_CASE(a_unix_socket_is_private_and_leaves_no_name_behind, unix_fixture)
{
    {
        auto listening = listen(text());
        listening.start();
        struct stat info{};
        BOOST_TEST_REQUIRE(::lstat(path.c_str(), &info) == 0);
        BOOST_TEST((info.st_mode & 0777) == 0600);
        local::socket client(context);
        client.connect(local::endpoint(path));
        run_until(context, [&] { return arrived.size() == 1; });
    }
    BOOST_TEST(!fs::exists(path));
}

BOOST_FIXTURE_TEST_CASE(a_stale_unix_socket_is_replaced, unix_fixture)
{
    {
        local::acceptor killed(context, local::endpoint(path));
    }
    BOOST_TEST_REQUIRE(fs::exists(path));
    BOOST_TEST(refusal(text()) == "listens");
}

BOOST_FIXTURE_TEST_CASE(a_live_unix_socket_is_left_alone, unix_fixture)
{
    local::acceptor alive(context, local::endpoint(path));
    BOOST_TEST(
        refusal(text()) == text() + " is in use by another program (choose another with --listen)"
    );
    local::socket client(context);
    client.connect(local::endpoint(path));
}

BOOST_FIXTURE_TEST_CASE(what_is_no_socket_is_left_alone, unix_fixture)
{
    std::ofstream(path) << "precious";
    BOOST_TEST(refusal(text()).starts_with(text() + " exists and is not a socket"));
    BOOST_TEST(fs::file_size(path) == 8u);
}

BOOST_FIXTURE_TEST_CASE(a_missing_folder_is_told, unix_fixture)
{
    path = folder.string() + "/missing/gateway.sock";
    BOOST_TEST(refusal(text()).find("its folder does not exist") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_name_taken_over_by_another_is_not_removed, unix_fixture)
{
    std::optional<io::listener> old(listen(text()));
    fs::remove(path);
    local::acceptor successor(context, local::endpoint(path));
    old.reset();
    BOOST_TEST(fs::exists(path));
}

BOOST_AUTO_TEST_SUITE_END()
