// Sockets that are there before the role is: handed over by another process, or passed to it.
#include "workspace.hpp"

namespace {

namespace config = penstock::config;
namespace io = penstock::io;

struct hand_over_options : workspace {
    auto
    read(std::vector<std::string> arguments, const std::vector<std::string>& inherited = {}) const
    {
        arguments.insert(arguments.begin(), {"--server", "wss://a", "--ca", "@ca.crt"});
        config::inputs from{.arguments = expand(std::move(arguments)), .environment = {}};
        for (const auto& text : inherited)
            from.inherited.push_back(io::parse_listen_address(text).value());
        return config::read_gateway(from);
    }
    std::string refusal(
        const std::vector<std::string>& arguments, const std::vector<std::string>& inherited = {}
    ) const
    {
        try {
            (void)read(arguments, inherited);
        } catch (const config::usage_error& e) {
            return e.what();
        }
        return "accepted";
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hand_over, hand_over_options)

BOOST_AUTO_TEST_CASE(it_is_off_unless_a_path_is_given)
{
    BOOST_TEST(read({}).hand_over.empty());
    BOOST_TEST(read({"--hand-over", "/run/x.sock"}).hand_over == "/run/x.sock");
}

BOOST_AUTO_TEST_CASE(a_relative_path_starts_at_the_folder_of_its_file)
{
    write("over.conf", "[gateway]\nhand-over = over.sock\n");
    BOOST_TEST(read({"--config", "@over.conf"}).hand_over == (*this)["over.sock"]);
}

BOOST_AUTO_TEST_CASE(a_path_that_no_socket_can_have_is_refused)
{
    BOOST_TEST(refusal({"--hand-over", ""}) != "accepted");
    BOOST_TEST(refusal({"--hand-over", '/' + std::string(89, 'x')}) == "accepted");
    BOOST_TEST(refusal({"--hand-over", '/' + std::string(90, 'x')}) != "accepted");
}

BOOST_AUTO_TEST_CASE(inherited_sockets_take_the_place_of_the_default_only)
{
    const auto listens = [](const auto& c) { return io::to_string(c.settings.listen.front()); };
    BOOST_TEST(listens(read({})) == "127.0.0.1:1080");
    BOOST_TEST(listens(read({}, {"127.0.0.1:99"})) == "127.0.0.1:99");
    BOOST_TEST(listens(read({"--listen", "127.0.0.1:98"}, {"127.0.0.1:99"})) == "127.0.0.1:98");
    BOOST_TEST(read({}, {"127.0.0.1:99", "unix:/run/x"}).settings.listen.size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_inherited_socket_is_no_way_around_the_rules)
{
    BOOST_TEST(refusal({}, {"0.0.0.0:1080"})
                   .starts_with("listen: other machines can reach 0.0.0.0:1080, so users-file"));
}

BOOST_AUTO_TEST_SUITE_END()
