#include <penstock/routing/policy.hpp>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace {

namespace routing = penstock::routing;
namespace data = boost::unit_test::data;
using boost::asio::ip::make_address;

routing::policy make_policy(std::string_view rules)
{
    return routing::policy(routing::rule_list::parse_file(rules, routing::side::server));
}

/// One question to the policy; `name` is empty where the client asked for an address.
struct row {
    std::string_view what;
    std::string_view rules;
    std::string name;
    const char* address;
    std::uint16_t port;
    bool allowed;
    std::string_view why = {};  ///< how the reason begins
    std::string_view identity = {};

    friend std::ostream& operator<<(std::ostream& os, const row& r) { return os << r.what; }
};

const row rows[] = {
    {"no rule, public address", "", "example.org", "192.0.2.1", 80, true, "no rule forbids it"},
    {"no rule, private address", "", "", "10.0.0.1", 80, true},
    {"no rule, loopback", "", "", "127.0.0.1", 80, false, "guarded: a loopback"},
    {"no rule, name that resolves to loopback",
     "",
     "evil.example",
     "127.0.0.1",
     80,
     false,
     "guarded"},
    {"no rule, mapped loopback", "", "", "::ffff:127.0.0.1", 80, false, "guarded: a loopback"},
    {"no rule, NAT64 loopback", "", "", "64:ff9b::7f00:1", 80, false, "guarded: a loopback"},
    {"no rule, 6to4 metadata", "", "", "2002:a9fe:a9fe::", 80, false, "guarded: a cloud metadata"},
    {"no rule, compatible loopback", "", "", "::7f00:1", 80, false, "guarded: a loopback"},
    {"no rule, NAT64 public", "", "", "64:ff9b::c000:201", 80, true},
    {"no rule, unspecified", "", "", "0.0.0.0", 80, false, "guarded: the unspecified"},
    {"no rule, link-local", "", "", "fe80::1", 80, false, "guarded: a link-local"},
    {"no rule, multicast", "", "", "ff02::1", 80, false, "guarded: a multicast"},
    {"no rule, broadcast", "", "", "255.255.255.255", 80, false, "guarded: the broadcast"},

    {"only deny: the rest is allowed", "10.0.0.0/8 deny", "", "192.0.2.1", 80, true},
    {"deny by network", "10.0.0.0/8 deny", "a.example", "10.1.1.1", 80, false, "10.0.0.0/8 deny"},
    {"deny by network, mapped",
     "10.0.0.0/8 deny",
     "",
     "::ffff:10.1.1.1",
     80,
     false,
     "10.0.0.0/8 deny"},
    {"deny by network, NAT64",
     "10.0.0.0/8 deny",
     "",
     "64:ff9b::a01:101",
     80,
     false,
     "10.0.0.0/8 deny"},
    {"deny by network, 6to4", "10.0.0.0/8 deny", "", "2002:a01:101::1", 80, false, "10.0.0.0/8 deny"
    },
    {"deny by name",
     ".evil.example deny",
     "a.evil.example",
     "192.0.2.1",
     80,
     false,
     ".evil.example deny"},
    {"deny by name does not know addresses", ".evil.example deny", "", "192.0.2.1", 80, true},
    {"deny by port", "*:25 deny", "mx.example", "192.0.2.1", 25, false, "*:25 deny"},
    {"deny by port, other port", "*:25 deny", "mx.example", "192.0.2.1", 26, true},
    {"deny all", "* deny", "", "192.0.2.1", 80, false, "* deny"},
    {"only deny: guarded stays guarded", "10.0.0.0/8 deny", "", "127.0.0.1", 80, false, "guarded"},

    {"allow by suffix",
     ".corp.example allow",
     "a.corp.example",
     "192.0.2.1",
     80,
     true,
     ".corp.example allow"},
    {"one allow: the rest is denied",
     ".corp.example allow",
     "b.example",
     "192.0.2.1",
     80,
     false,
     "no rule allows it"},
    {"allow by suffix, asked by address",
     ".corp.example allow",
     "",
     "192.0.2.1",
     80,
     false,
     "no rule allows it"},
    {"allow by network, asked by name", "192.0.2.0/24 allow", "b.example", "192.0.2.1", 80, true},
    {"allow by network, NAT64", "192.0.2.0/24 allow", "", "64:ff9b::c000:201", 80, true},
    {"allow of the NAT64 prefix", "64:ff9b::/96 allow", "", "64:ff9b::c000:201", 80, true},
    {"allow for another port",
     "*:443 allow",
     "b.example",
     "192.0.2.1",
     80,
     false,
     "no rule allows it"},
    {"order: deny first",
     "10.0.0.1 deny\n10.0.0.0/8 allow",
     "",
     "10.0.0.1",
     80,
     false,
     "10.0.0.1 deny"},
    {"order: allow first",
     "10.0.0.0/8 allow\n10.0.0.1 deny",
     "",
     "10.0.0.1",
     80,
     true,
     "10.0.0.0/8 allow"},

    {"star does not open loopback", "* allow", "", "127.0.0.1", 80, false, "guarded"},
    {"name does not open loopback",
     "localhost allow",
     "localhost",
     "127.0.0.1",
     80,
     false,
     "guarded"},
    {"suffix does not open metadata",
     ".internal allow",
     "metadata.internal",
     "169.254.169.254",
     80,
     false,
     "guarded"},
    {"network opens loopback",
     "127.0.0.0/8 allow",
     "localhost",
     "127.0.0.1",
     80,
     true,
     "127.0.0.0/8 allow"},
    {"address opens loopback", "::1 allow", "", "::1", 80, true, "::1 allow"},
    {"address opens its family only", "127.0.0.1 allow", "", "::1", 80, false, "guarded"},
    {"network opens mapped loopback", "127.0.0.0/8 allow", "", "::ffff:127.0.0.1", 80, true},
    {"network opens NAT64 loopback", "127.0.0.0/8 allow", "", "64:ff9b::7f00:1", 80, true},
    {"NAT64 network does not open loopback",
     "64:ff9b::/96 allow",
     "",
     "64:ff9b::7f00:1",
     80,
     false,
     "guarded"},
    {"all of IPv6 does not open NAT64 loopback",
     "::/0 allow",
     "",
     "64:ff9b::7f00:1",
     80,
     false,
     "guarded"},
    {"star is passed over, not the end",
     "* allow\n127.0.0.1 allow",
     "",
     "127.0.0.1",
     80,
     true,
     "127.0.0.1 allow"},
    {"network with a port", "127.0.0.1:80 allow", "", "127.0.0.1", 81, false, "guarded"},
    {"network, star and name in one rule", "*,x,127.0.0.0/8 allow", "x", "127.0.0.1", 80, true},
    {"deny before a network allow",
     "* deny\n127.0.0.0/8 allow",
     "",
     "127.0.0.1",
     80,
     false,
     "* deny"},
    {"address opens metadata", "169.254.169.254 allow", "", "169.254.169.254", 80, true},

    {"rule for alice", "* allow for alice", "", "192.0.2.1", 80, true, "* allow for alice", "alice"
    },
    {"rule for alice, asked by bob",
     "* allow for alice",
     "",
     "192.0.2.1",
     80,
     false,
     "no rule allows it",
     "bob"},
    {"rule for alice, asked by nobody",
     "* allow for alice",
     "",
     "192.0.2.1",
     80,
     false,
     "no rule allows it",
     ""},
};

const row own_rows[] = {
    {"own listener", "", "", "192.0.2.7", 443, false, "guarded: the server's own"},
    {"own listener by name", "", "me.example", "192.0.2.7", 443, false, "guarded: the server's own"
    },
    {"own listener, mapped", "", "", "::ffff:192.0.2.7", 443, false, "guarded: the server's own"},
    {"own listener, NAT64", "", "", "64:ff9b::c000:207", 443, false, "guarded: the server's own"},
    {"own address, other port", "", "", "192.0.2.7", 444, true},
    {"other address, own port", "", "", "192.0.2.8", 443, true},
    {"star does not open it", "* allow", "", "192.0.2.7", 443, false, "guarded: the server's own"},
    {"network does not open it",
     "192.0.2.0/24:443 allow",
     "",
     "192.0.2.7",
     443,
     false,
     "guarded: the server's own"},
    {"address without port does not open it",
     "192.0.2.7 allow",
     "",
     "192.0.2.7",
     443,
     false,
     "guarded: the"},
    {"range does not open it", "192.0.2.7:1-1000 allow", "", "192.0.2.7", 443, false, "guarded: the"
    },
    {"address and port open it",
     "192.0.2.7:22,443 allow",
     "",
     "192.0.2.7",
     443,
     true,
     "192.0.2.7:22,443 allow"},
    {"listener on all: local address", "", "", "192.0.2.7", 8443, false, "guarded: the server's own"
    },
    {"listener on all: other local address",
     "",
     "",
     "2001:db8::7",
     8443,
     false,
     "guarded: the server's own"},
    {"listener on all: foreign address", "", "", "198.51.100.1", 8443, true},
    {"listener on all: loopback",
     "127.0.0.0/8 allow",
     "",
     "127.0.0.9",
     8443,
     false,
     "guarded: the server's own"},
    {"listener on all: unspecified",
     "0.0.0.0/8 allow",
     "",
     "0.0.0.0",
     8443,
     false,
     "guarded: the server's own"},
    {"listener on loopback",
     "127.0.0.0/8 allow",
     "",
     "127.0.0.1",
     9443,
     false,
     "guarded: the server's own"},
    {"listener on loopback, other address", "127.0.0.0/8 allow", "", "127.0.0.2", 9443, true},
    {"listener on loopback, through unspecified",
     "0.0.0.0/8 allow",
     "",
     "0.0.0.0",
     9443,
     false,
     "guarded: the"},
    {"loopback listener opened", "127.0.0.1:9443 allow", "", "127.0.0.1", 9443, true},
    {"deny of it is told", "*:443 deny", "", "192.0.2.7", 443, false, "*:443 deny"},
};

void check(const routing::policy& policy, const row& sample)
{
    const auto* const name = sample.name.empty() ? nullptr : &sample.name;
    const auto said =
        policy.decide(name, make_address(sample.address), sample.port, sample.identity);
    BOOST_TEST(said.allowed == sample.allowed);
    BOOST_TEST(said.why.starts_with(sample.why), said.why);
    BOOST_TEST(!said.why.empty());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(policy)

BOOST_DATA_TEST_CASE(every_address_is_decided, data::make(rows), sample)
{
    check(make_policy(sample.rules), sample);
}

BOOST_DATA_TEST_CASE(
    own_listeners_are_opened_by_exact_address_and_port_only, data::make(own_rows), sample
)
{
    auto policy = make_policy(sample.rules);
    policy.set_own_listeners(
        {{make_address("192.0.2.7"), 443},
         {make_address("0.0.0.0"), 8443},
         {make_address("127.0.0.1"), 9443}},
        {make_address("192.0.2.7"), make_address("2001:db8::7"), make_address("127.0.0.1")}
    );
    check(policy, sample);
}

BOOST_AUTO_TEST_CASE(a_scope_does_not_hide_an_address)
{
    const auto scoped = make_address("fe80::1%7");
    BOOST_TEST(!make_policy("").decide(nullptr, scoped, 80, "").allowed);
    BOOST_TEST(make_policy("fe80::/10 allow").decide(nullptr, scoped, 80, "").allowed);
}

BOOST_AUTO_TEST_SUITE_END()
