#include <penstock/observe/log.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <string>

namespace {

namespace observe = penstock::observe;
using observe::bare;
using observe::field;
using observe::log_format;
using observe::severity;

std::string text_line(std::initializer_list<field> fields)
{
    return observe::format_line(log_format::text, severity::info, "noun.verb", fields);
}

std::string json_line(std::initializer_list<field> fields)
{
    return observe::format_line(log_format::json, severity::warning, "noun.verb", fields);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(format)

BOOST_AUTO_TEST_CASE(fields_follow_the_event)
{
    const std::string target = "example.org";
    BOOST_TEST(
        text_line(
            {{"session", 3},
             {"stream", 7U},
             {"target", target},
             {"up", true},
             {"rtt_ms", 1.5},
             {"why", bare("eof")}}
        ) == "info noun.verb session=3 stream=7 target=\"example.org\" up=true rtt_ms=1.5 why=eof"
    );
    BOOST_TEST(text_line({}) == "info noun.verb");
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_sign_and_width)
{
    BOOST_TEST(
        text_line(
            {{"least", std::numeric_limits<std::int64_t>::min()},
             {"most", std::numeric_limits<std::uint64_t>::max()}}
        ) == "info noun.verb least=-9223372036854775808 most=18446744073709551615"
    );
}

BOOST_AUTO_TEST_CASE(error_codes_are_category_and_value)
{
    const auto reset = make_error_code(boost::system::errc::connection_reset);
    BOOST_TEST(text_line({{"ec", reset}}) == "info noun.verb ec=generic:104");
    BOOST_TEST(
        json_line({{"ec", reset}}) ==
        R"({"level":"warning","event":"noun.verb","ec":"generic:104"})"
    );
}

BOOST_AUTO_TEST_CASE(a_peer_cannot_forge_a_line)
{
    BOOST_TEST(
        text_line({{"target", "a\nb\"c\\d\x1b\xc3"}}) ==
        R"(info noun.verb target="a\x0ab\"c\\d\x1b\xc3")"
    );
    BOOST_TEST(text_line({{"path", bare("a\nb")}}) == R"(info noun.verb path=a\x0ab)");
    BOOST_TEST(
        json_line({{"target", "a\nb\"c\\d\xc3"}}) ==
        R"({"level":"warning","event":"noun.verb","target":"a\\x0ab\"c\\d\\xc3"})"
    );
}

BOOST_AUTO_TEST_CASE(json_holds_values_of_their_own_type)
{
    BOOST_TEST(
        json_line({{"n", -1}, {"u", 2U}, {"f", 0.25}, {"b", false}, {"w", bare("eof")}}) ==
        R"({"level":"warning","event":"noun.verb","n":-1,"u":2,"f":0.25,"b":false,"w":"eof"})"
    );
    BOOST_TEST(
        json_line({{"f", std::numeric_limits<double>::infinity()}}) ==
        R"({"level":"warning","event":"noun.verb","f":null})"
    );
}

BOOST_AUTO_TEST_CASE(an_announcement_reads_like_information)
{
    const auto line = observe::format_line(
        log_format::text,
        severity::announce,
        "gateway.listening",
        {{"address", bare("127.0.0.1:1080")}}
    );
    BOOST_TEST(line == "info gateway.listening address=127.0.0.1:1080");
}

BOOST_AUTO_TEST_SUITE_END()
