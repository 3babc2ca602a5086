#include <penstock/auth/user_table.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace {

namespace auth = penstock::auth;
namespace data = boost::unit_test::data;

struct people {
    std::string token = auth::make_token();
    std::string other_token = auth::make_token();
    auth::user_table table = auth::user_table::parse(
        "# who may come in\n"
        "\n" +
        auth::token_line("alice", token) + "\r\n  " + auth::password_line("bob", "open sesame") +
        "\neve:password:plain$a$b:c #d\n" + auth::token_line("carol", other_token)
    );
};

std::string error_of(std::string_view text)
{
    try {
        static_cast<void>(auth::user_table::parse(text));
    } catch (const auth::users_error& e) {
        return e.what();
    }
    return "accepted";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(user_table, people)

BOOST_AUTO_TEST_CASE(tokens_are_found_by_value)
{
    const auto alice = table.find_token(token);
    BOOST_TEST_REQUIRE(alice.has_value());
    BOOST_TEST(alice->name == "alice");
    BOOST_TEST((alice->kind == auth::principal_kind::token));
    BOOST_TEST_REQUIRE(table.find_token(other_token).has_value());
    BOOST_TEST(table.find_token(other_token)->name == "carol");
}

BOOST_AUTO_TEST_CASE(unknown_tokens_are_nobodys)
{
    BOOST_TEST(!table.find_token(auth::make_token()).has_value());
    BOOST_TEST(!table.find_token("").has_value());
    BOOST_TEST(!table.find_token(token + "x").has_value());
    BOOST_TEST(!table.find_token("open sesame").has_value());
    BOOST_TEST(!table.find_token("a$b:c #d").has_value());
}

BOOST_AUTO_TEST_CASE(passwords_are_checked_by_name)
{
    for (int round = 0; round < 2; ++round) {  // the second time from memory
        BOOST_TEST(table.check("bob", "open sesame"));
        BOOST_TEST(table.check("eve", "a$b:c #d"));
        BOOST_TEST(table.check("alice", token));

        BOOST_TEST(!table.check("bob", "open sesam"));
        BOOST_TEST(!table.check("bob", ""));
        BOOST_TEST(!table.check("Bob", "open sesame"));
        BOOST_TEST(!table.check("eve", "open sesame"));
        BOOST_TEST(!table.check("alice", other_token));
        BOOST_TEST(!table.check("mallory", "open sesame"));
        BOOST_TEST(!table.check("", ""));
    }
}

BOOST_AUTO_TEST_CASE(credentials_that_join_to_the_same_text_are_not_confused)
{
    const auto pair = auth::user_table::parse("ab:password:plain$c\na:password:plain$x\n");
    BOOST_TEST(pair.check("ab", "c"));
    BOOST_TEST(!pair.check("a", "bc"));
}

BOOST_AUTO_TEST_CASE(a_copy_checks_like_the_original)
{
    const auto copy =
        table;  // NOLINT(performance-unnecessary-copy-initialization): the copy is the test
    BOOST_TEST(copy.check("bob", "open sesame"));
    BOOST_TEST(!copy.check("bob", "wrong"));
    BOOST_TEST(copy.size() == 4U);
}

BOOST_AUTO_TEST_CASE(plain_passwords_are_told)
{
    BOOST_TEST(table.has_plain_passwords());
    BOOST_TEST(!auth::user_table::parse(auth::password_line("bob", "x")).has_plain_passwords());
}

BOOST_AUTO_TEST_CASE(an_empty_table_lets_nobody_in)
{
    for (const auto& empty :
         {auth::user_table{}, auth::user_table::parse(""), auth::user_table::parse("# none\n")}) {
        BOOST_TEST(empty.empty());
        BOOST_TEST(!empty.check("", ""));
        BOOST_TEST(!empty.find_token("").has_value());
    }
}

BOOST_AUTO_TEST_CASE(tokens_and_hashes_are_new_each_time)
{
    BOOST_TEST(auth::make_token() != auth::make_token());
    BOOST_TEST(token.size() == 4U + 43U);
    BOOST_TEST(token.starts_with("pst_"));
    BOOST_TEST(auth::token_line("a", token) != auth::token_line("a", token));
    BOOST_TEST(auth::password_line("a", "x") != auth::password_line("a", "x"));
    BOOST_TEST(auth::token_line("a", token).find(token) == std::string::npos);
}

struct malformed {
    std::string_view line;
    std::string_view expected;

    friend std::ostream& operator<<(std::ostream& os, const malformed& m) { return os << m.line; }
};

constexpr std::string_view hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const std::string hashed(std::string_view front) { return std::string(front) + std::string(hash); }

const malformed malformed_lines[] = {
    {"alice", "expected NAME:token:"},
    {"alice:secret", "expected NAME:token:"},
    {":password:plain$x", "the name is empty"},
    {"a b:password:plain$x", "no blank"},
    {"a:password:plain$", "1 to 1024 octets"},
    {"a:password:geheim", "expected password:scrypt$"},
    {"a:password:sha256$AAAA$AAAA", "expected password:scrypt$"},
    {"a:token:plain$x", "expected token:sha256$"},
    {"a:token:sha256$AAAA", "the hash is not base64url"},
    {"a:token:sha256$$AAAA", "the salt is not base64url"},
    {"a:token:sha256$AAAA$AAAA", "not 32 octets"},
    {"a:token:sha256$AA=A$AAAA", "the salt is not base64url"},
    {"a:password:scrypt$0$8$1$AAAA$AAAA", "scrypt N must be in 1..32768"},
    {"a:password:scrypt$1048576$8$1$AAAA$AAAA", "scrypt N must be in 1..32768"},
    {"a:password:scrypt$3000$8$1$AAAA$AAAA", "power of two"},
    {"a:password:scrypt$4096$9$1$AAAA$AAAA", "scrypt r must be in 1..8"},
    {"a:password:scrypt$4096$8$x$AAAA$AAAA", "scrypt p must be in 1..4"},
};

BOOST_DATA_TEST_CASE(parse_rejects_malformed, data::make(malformed_lines), sample)
{
    const auto text = error_of("ok:password:plain$x\n#\n" + std::string(sample.line) + "\n");
    BOOST_TEST(text.starts_with("line 3: "), text);
    BOOST_TEST(text.find(sample.expected) != std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(parse_takes_the_shortest_correct_line)
{
    BOOST_TEST(error_of(hashed("a:token:sha256$AAAA$")) == "accepted");
    BOOST_TEST(error_of(hashed("a:password:scrypt$2$1$1$AAAA$")) == "accepted");
}

BOOST_AUTO_TEST_CASE(a_name_stands_once)
{
    BOOST_TEST(
        error_of("a:password:plain$x\nb:password:plain$x\na:password:plain$y") ==
        "line 3: user 'a' was there before (one line for each)"
    );
}

BOOST_AUTO_TEST_CASE(errors_never_hold_the_secret)
{
    BOOST_TEST(error_of("bob:open sesame").find("sesame") == std::string::npos);
    BOOST_TEST(error_of("bob:password:sesame").find("sesame") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(lines_are_made_for_names_that_can_be_read_back)
{
    BOOST_CHECK_THROW(static_cast<void>(auth::token_line("a:b", token)), auth::users_error);
    BOOST_CHECK_THROW(static_cast<void>(auth::token_line("", token)), auth::users_error);
    BOOST_CHECK_THROW(static_cast<void>(auth::password_line("#a", "x")), auth::users_error);
    BOOST_CHECK_THROW(static_cast<void>(auth::password_line("a", "")), auth::users_error);
}

BOOST_AUTO_TEST_SUITE_END()
