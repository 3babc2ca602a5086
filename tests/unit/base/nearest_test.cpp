#include <penstock/base/nearest.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>

namespace {

namespace data = boost::unit_test::data;

constexpr std::array<std::string_view, 5> known{"listen", "lanes", "link-wait", "log-level", "p12"};

struct guess {
    std::string_view word;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const guess& g)
    {
        return os << '"' << g.word << '"';
    }
};

const guess guesses[] = {
    {"listen", "listen"},
    {"lisen", "listen"},
    {"litsen", "listen"},
    {"listten", "listen"},
    {"lixten", "listen"},
    {"lane", "lanes"},
    {"link_wait", "link-wait"},
    {"loglevel", "log-level"},
    {"p1", "p12"},
    {"p2", "p12"},
    {"zz", ""},
    {"password", ""},
    {"", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(nearest)

BOOST_DATA_TEST_CASE(finds_what_was_meant, data::make(guesses), sample)
{
    BOOST_TEST(penstock::nearest(sample.word, known) == sample.expected);
}

BOOST_AUTO_TEST_CASE(overlong_words_are_near_to_nothing)
{
    const std::string word(1000, 'l');
    BOOST_TEST(penstock::nearest(word, known).empty());
    const std::array<std::string_view, 1> overlong{word};
    BOOST_TEST(penstock::nearest("l", overlong).empty());
}

BOOST_AUTO_TEST_SUITE_END()
