#define BOOST_TEST_MODULE config
#include <penstock/config/values.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string_view>

namespace {

namespace config = penstock::config;
namespace data = boost::unit_test::data;
using namespace std::chrono_literals;

struct duration_row {
    std::string_view text;
    std::chrono::milliseconds expected;

    friend std::ostream& operator<<(std::ostream& os, const duration_row& r)
    {
        return os << r.text;
    }
};

const duration_row durations[] = {
    {"15s", 15s},
    {"500ms", 500ms},
    {"10min", 10min},
    {"2h", 2h},
    {"0ms", 0ms},
    {"1500ms", 1500ms},
};

struct size_row {
    std::string_view text;
    std::uint64_t expected;

    friend std::ostream& operator<<(std::ostream& os, const size_row& r) { return os << r.text; }
};

const size_row sizes[] = {
    {"64KiB", 65'536},
    {"16MiB", 16'777'216},
    {"2GiB", 2'147'483'648},
    {"0", 0},
    {"1000", 1'000},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(values)

BOOST_DATA_TEST_CASE(durations_have_a_unit, data::make(durations), sample)
{
    const auto parsed = config::parse_duration(sample.text);
    BOOST_TEST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->count() == sample.expected.count());
    BOOST_TEST(
        config::parse_duration(config::duration_text(*parsed))->count() == sample.expected.count()
    );
}

BOOST_DATA_TEST_CASE(
    other_texts_are_no_durations,
    data::make(
        {"",
         "15",
         "s",
         "-1s",
         "+1s",
         " 1s",
         "1s ",
         "1 s",
         "1.5s",
         "1S",
         "1d",
         "1sec",
         "0x1s",
         "99999999999999999999s",
         "9223372036854775807s"}
    ),
    text
)
{
    BOOST_TEST(!config::parse_duration(text).has_value());
}

BOOST_DATA_TEST_CASE(sizes_have_binary_units_or_none, data::make(sizes), sample)
{
    const auto parsed = config::parse_size(sample.text);
    BOOST_TEST_REQUIRE(parsed.has_value());
    BOOST_TEST(*parsed == sample.expected);
    BOOST_TEST(*config::parse_size(config::size_text(*parsed)) == sample.expected);
}

BOOST_DATA_TEST_CASE(
    other_texts_are_no_sizes,
    data::make(
        {"", "KiB", "-1", "1KB", "1kib", "1 KiB", "1.5MiB", "99999999999GiB", "18446744073709551616"
        }
    ),
    text
)
{
    BOOST_TEST(!config::parse_size(text).has_value());
}

BOOST_AUTO_TEST_CASE(texts_use_the_largest_exact_unit)
{
    BOOST_TEST(config::duration_text(90s) == "90s");
    BOOST_TEST(config::duration_text(120s) == "2min");
    BOOST_TEST(config::duration_text(1500ms) == "1500ms");
    BOOST_TEST(config::duration_text(0ms) == "0ms");
    BOOST_TEST(config::size_text(65'536) == "64KiB");
    BOOST_TEST(config::size_text(65'537) == "65537");
    BOOST_TEST(config::size_text(0) == "0");
}

BOOST_AUTO_TEST_CASE(numbers_are_digits)
{
    BOOST_TEST(config::parse_number("4096").value() == 4'096U);
    for (const auto* const text : {"", "-1", "+1", "1k", "0x10", "two", "1 "})
        BOOST_TEST(!config::parse_number(text).has_value(), text);
}

BOOST_AUTO_TEST_CASE(switches_have_two_positions)
{
    for (const auto* const text : {"true", "yes", "on", "1"})
        BOOST_TEST(config::parse_switch(text).value());
    for (const auto* const text : {"false", "no", "off", "0"})
        BOOST_TEST(!config::parse_switch(text).value());
    for (const auto* const text : {"", "True", "2", "maybe"})
        BOOST_TEST(!config::parse_switch(text).has_value(), text);
}

BOOST_AUTO_TEST_SUITE_END()
