#include <penstock/mux/error.hpp>
#include <penstock/mux/hello.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

namespace {

namespace data = boost::unit_test::data;
using namespace penstock;
using mux::errc;

octets operator+(octets left, const octets& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

const octets head{'P', 'N', 'S', '1', 1, 0, 0, 0};

octets tlv(std::uint16_t type, const octets& value)
{
    return octets{
               static_cast<std::uint8_t>(type >> 8),
               static_cast<std::uint8_t>(type),
               static_cast<std::uint8_t>(value.size() >> 8),
               static_cast<std::uint8_t>(value.size())
           } +
           value;
}

mux::hello full_hello()
{
    mux::hello h;
    h.role = mux::side::accepting;
    h.minor = 3;
    h.features = 0x8000'0000'0000'0001;
    h.payload_bytes_max = 61'440;
    h.init_limit_bytes = 20'000;
    h.window_bytes_max = 1ULL << 40;
    h.streams_max = 4'096;
    h.replay_bytes_max = 65'536;
    h.resume_timeout_s = 600;
    h.ping_interval_s = 15;
    h.node_hint = "n7.example.net";
    h.affinity = std::string(255, 'a');
    h.session = mux::session_id{1, 2, 3};
    h.key = mux::session_key{4, 5, 6};
    mux::attach a;
    a.mode = mux::attach_mode::join;
    a.session = {7};
    a.lane = 2;
    a.epoch = 3;
    a.recv_seq = 1ULL << 50;
    a.nonce = {8};
    a.proof = {9};
    h.attach = a;
    h.recv_seq = 1ULL << 52;
    h.next_seq = 1ULL << 51;
    return h;
}

struct sample {
    std::string_view what;
    octets payload;

    friend std::ostream& operator<<(std::ostream& os, const sample& s) { return os << s.what; }
};

const octets attach_fields = octets{3} + octets(78, 0);

const sample malformed[] = {
    {"empty", {}},
    {"wrong magic", {'P', 'N', 'S', '2', 1, 0, 0, 0}},
    {"role 0", {'P', 'N', 'S', '1', 0, 0, 0, 0}},
    {"role 3", {'P', 'N', 'S', '1', 3, 0, 0, 0}},
    {"TLV header cut short", head + octets{0, 1, 0}},
    {"TLV value cut short", head + octets{0, 3, 0, 4, 0, 0}},
    {"TLV length beyond the payload", head + octets{0, 99, 0xff, 0xff}},
    {"a known TLV twice", head + tlv(5, {0, 0, 0, 1}) + tlv(5, {0, 0, 0, 1})},
    {"features of 4 octets", head + tlv(1, {0, 0, 0, 1})},
    {"payload_max of 8 octets", head + tlv(2, octets(8, 0))},
    {"init_limit of nothing", head + tlv(3, {})},
    {"node hint of 256 octets", head + tlv(9, octets(256, 'n'))},
    {"affinity of 256 octets", head + tlv(10, octets(256, 'n'))},
    {"session id of 15 octets", head + tlv(11, octets(15, 1))},
    {"key of 33 octets", head + tlv(12, octets(33, 1))},
    {"attach one octet short", head + tlv(13, octets(78, 0))},
    {"attach one octet long", head + tlv(13, octets(80, 0))},
    {"attach of mode 3", head + tlv(13, attach_fields)},
    {"recv_seq of 7 octets", head + tlv(14, octets(7, 0))},
    {"next_seq of 9 octets", head + tlv(15, octets(9, 0))},
    {"over 4 KiB", head + tlv(99, octets(mux::hello_payload_max, 0))},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hello)

BOOST_AUTO_TEST_CASE(every_field_survives_the_wire)
{
    octets wire;
    mux::append_hello(wire, full_hello());
    BOOST_TEST(wire[0] == 0x40);
    BOOST_TEST(wire.size() < mux::hello_payload_max);
    BOOST_TEST((mux::decode_hello(byte_view(wire).subspan(8)).value() == full_hello()));
}

BOOST_AUTO_TEST_CASE(tlv_numbers_and_lengths_are_those_of_the_protocol)
{
    octets wire;
    mux::append_hello(wire, full_hello());
    const std::pair<int, int> expected[] = {
        {1, 8},
        {2, 4},
        {3, 4},
        {4, 8},
        {5, 4},
        {6, 8},
        {7, 4},
        {8, 4},
        {9, 14},
        {10, 255},
        {11, 16},
        {12, 32},
        {13, 79},
        {14, 8},
        {15, 8},
    };
    std::size_t at = 16;
    for (const auto& [type, length] : expected) {
        BOOST_TEST_REQUIRE(at + 4 <= wire.size());
        BOOST_TEST(wire[at] * 256 + wire[at + 1] == type);
        BOOST_TEST(wire[at + 2] * 256 + wire[at + 3] == length);
        at += 4 + static_cast<std::size_t>(length);
    }
    BOOST_TEST(at == wire.size());
}

BOOST_AUTO_TEST_CASE(a_hello_without_tlvs_has_the_defaults)
{
    const auto h = mux::decode_hello(head).value();
    BOOST_TEST((h == mux::hello{}));
    BOOST_TEST(h.payload_bytes_max == 16'384U);
    BOOST_TEST(h.init_limit_bytes == 16'384U);
}

BOOST_AUTO_TEST_CASE(unknown_tlvs_are_skipped_even_twice)
{
    const auto wire =
        head + tlv(999, {1, 2, 3}) + tlv(5, {0, 0, 1, 0}) + tlv(999, {}) + tlv(16, {1});
    BOOST_TEST(mux::decode_hello(wire).value().streams_max == 256U);
}

BOOST_DATA_TEST_CASE(decode_rejects_malformed, data::make(malformed), sample)
{
    BOOST_TEST(mux::decode_hello(sample.payload).error() == error_code{errc::protocol});
}

BOOST_AUTO_TEST_CASE(a_hello_cut_anywhere_is_malformed_or_lacks_whole_tlvs)
{
    octets wire;
    mux::append_hello(wire, full_hello());
    const auto payload = byte_view(wire).subspan(8);
    std::size_t accepted = 0;
    for (std::size_t cut = 0; cut < payload.size(); ++cut)
        accepted += mux::decode_hello(payload.first(cut)).has_value() ? 1 : 0;
    BOOST_TEST(accepted == 15U);  // before each of the 15 TLVs
}

BOOST_AUTO_TEST_CASE(the_attach_proof_covers_every_field_but_itself)
{
    const auto base = *full_hello().attach;
    const auto input = mux::attach_proof_input(base);
    const std::string label = "penstock attach v1";
    BOOST_TEST(std::string(input.begin(), input.begin() + 18) == label);
    BOOST_TEST(input.size() == label.size() + 1 + 16 + 2 + 4 + 8 + 16);

    auto changed = base;
    changed.proof = {1};
    BOOST_TEST((mux::attach_proof_input(changed) == input));
    const auto differs = [&](auto change) {
        auto other = base;
        change(other);
        return mux::attach_proof_input(other) != input;
    };
    BOOST_TEST(differs([](auto& a) { a.mode = mux::attach_mode::resume; }));
    BOOST_TEST(differs([](auto& a) { a.session[15] = 1; }));
    BOOST_TEST(differs([](auto& a) { ++a.lane; }));
    BOOST_TEST(differs([](auto& a) { ++a.epoch; }));
    BOOST_TEST(differs([](auto& a) { ++a.recv_seq; }));
    BOOST_TEST(differs([](auto& a) { a.nonce[15] = 1; }));
}

BOOST_AUTO_TEST_SUITE_END()
