#define BOOST_TEST_MODULE auth
#include <penstock/auth/secret.hpp>

#include <boost/algorithm/hex.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <iterator>
#include <string>

namespace {

namespace auth = penstock::auth;
namespace data = boost::unit_test::data;

std::string to_hex(const auth::digest& d)
{
    std::string text;
    boost::algorithm::hex_lower(d.begin(), d.end(), std::back_inserter(text));
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secret)

BOOST_AUTO_TEST_CASE(sha256_gives_the_digest_of_fips_180)
{
    BOOST_TEST(
        to_hex(auth::sha256({auth::as_octets("a"), auth::as_octets("bc")})) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

struct hmac_case {
    std::string_view what;
    std::string key;
    std::string message;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const hmac_case& c) { return os << c.what; }
};

// RFC 4231, test cases 1, 2 and 6.
const hmac_case hmac_cases[] = {
    {"short key",
     std::string(20, '\x0b'),
     "Hi There",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"text key",
     "Jefe",
     "what do ya want for nothing?",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"key longer than a block",
     std::string(131, '\xaa'),
     "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

BOOST_DATA_TEST_CASE(hmac_gives_the_digests_of_rfc_4231, data::make(hmac_cases), sample)
{
    const auto key = auth::as_octets(sample.key);
    const auto message = auth::as_octets(sample.message);

    BOOST_TEST(to_hex(auth::hmac_sha256(key, {message})) == sample.expected);
    BOOST_TEST(
        to_hex(auth::hmac_sha256(key, {message.first(3), message.subspan(3)})) == sample.expected
    );
}

BOOST_AUTO_TEST_CASE(equality_looks_at_every_octet_and_the_length)
{
    BOOST_TEST(auth::constant_time_equal("abc", "abc"));
    BOOST_TEST(auth::constant_time_equal("", ""));
    BOOST_TEST(!auth::constant_time_equal("abc", "abd"));
    BOOST_TEST(!auth::constant_time_equal("abc", "bbc"));
    BOOST_TEST(!auth::constant_time_equal("abc", "ab"));
    BOOST_TEST(!auth::constant_time_equal("", "a"));
}

struct base64_case {
    std::string_view octets;
    std::string_view text;

    friend std::ostream& operator<<(std::ostream& os, const base64_case& c) { return os << c.text; }
};

const base64_case base64_cases[] = {
    {"", ""},
    {"f", "Zg"},
    {"fo", "Zm8"},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg"},
    {"\xfb\xff\xbf", "-_-_"},
};

BOOST_DATA_TEST_CASE(base64url_goes_both_ways, data::make(base64_cases), sample)
{
    BOOST_TEST(auth::to_base64url(auth::as_octets(sample.octets)) == sample.text);

    const auto decoded = auth::from_base64url(sample.text);
    BOOST_TEST_REQUIRE(decoded.has_value());
    BOOST_TEST(std::string(decoded->begin(), decoded->end()) == sample.octets);
}

BOOST_DATA_TEST_CASE(
    base64url_rejects_malformed,
    data::make({"A", "Zm9vA", "Zg==", "Zm+v", "Zm/v", "Z g", "Zh", "Zm9="}),
    text
)
{
    BOOST_TEST(auth::from_base64url(text).has_error());
}

BOOST_AUTO_TEST_CASE(random_fills_all_of_it)
{
    // 64 octets that stay zero by chance: never.
    penstock::octets first(64);
    penstock::octets second(64);
    auth::fill_random(first);
    auth::fill_random(second);

    BOOST_TEST(first != second);
    BOOST_TEST(penstock::octets(first.begin() + 32, first.end()) != penstock::octets(32));
}

BOOST_AUTO_TEST_SUITE_END()
