#define BOOST_TEST_MODULE mux
#include <penstock/mux/error.hpp>
#include <penstock/mux/frame_reader.hpp>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <random>

namespace {

namespace data = boost::unit_test::data;
using namespace penstock;
using mux::errc;

constexpr std::size_t limit = 300;

octets frame(std::uint8_t type, std::uint32_t stream, std::size_t payload_bytes)
{
    octets out(mux::frame_header_bytes + payload_bytes, static_cast<std::uint8_t>(stream));
    mux::encode_header(
        {.type = type,
         .flags = 1,
         .payload_bytes = static_cast<std::uint16_t>(payload_bytes),
         .stream = mux::stream_id{stream}},
        std::span(out).first<mux::frame_header_bytes>()
    );
    return out;
}

octets operator+(octets left, const octets& right)
{
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// Every frame of `input`, which the reader gets in pieces of the sizes that `piece` names.
template <class Piece>
std::vector<octets> read_all(mux::frame_reader& reader, byte_view input, Piece&& piece)
{
    std::vector<octets> frames;
    while (!input.empty()) {
        auto part = input.first(std::min<std::size_t>(piece(), input.size()));
        input = input.subspan(part.size());
        for (;;) {
            const auto next = reader.next(part).value();
            if (!next) {
                BOOST_TEST(part.empty());
                break;
            }
            octets whole(mux::frame_header_bytes);
            mux::encode_header(
                next->header, std::span<std::uint8_t, mux::frame_header_bytes>(whole)
            );
            whole.insert(whole.end(), next->payload.begin(), next->payload.end());
            frames.push_back(std::move(whole));
        }
    }
    return frames;
}

const std::vector<octets> frames{
    frame(4, 1, 0),
    frame(4, 3, limit),
    frame(0x43, 0, 8),
    frame(4, 0x7fff'ffff, 1),
    frame(4, 5, 33),
};

octets joined()
{
    octets all;
    for (const auto& f : frames)
        all = all + f;
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(frame_header)

BOOST_AUTO_TEST_CASE(header_fields_are_big_endian)
{
    const octets wire{0x05, 0x81, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04};
    const auto header = mux::decode_header(std::span(wire).first<8>());

    BOOST_TEST(header.type == 5);
    BOOST_TEST(header.flags == 0x81);
    BOOST_TEST(header.payload_bytes == 0x1234);
    BOOST_TEST((header.stream == mux::stream_id{0x0102'0304}));

    octets back(8);
    mux::encode_header(header, std::span(back).first<8>());
    BOOST_TEST(back == wire, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bit_6_alone_says_what_is_counted)
{
    BOOST_TEST(mux::is_sequenced(0x01));
    BOOST_TEST(mux::is_sequenced(0x0d));
    BOOST_TEST(mux::is_sequenced(0x80 | 0x3f));
    BOOST_TEST(!mux::is_sequenced(0x40));
    BOOST_TEST(!mux::is_sequenced(0x80 | 0x40));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(frame_reader)

BOOST_DATA_TEST_CASE(pieces_of_any_size_give_the_same_frames, data::xrange(1, 700, 7), piece_bytes)
{
    mux::frame_reader reader(limit);
    const auto got = read_all(reader, joined(), [&] { return piece_bytes; });

    BOOST_TEST((got == frames));
    BOOST_TEST(!reader.end_message());
}

BOOST_DATA_TEST_CASE(random_splits_give_the_same_frames, data::xrange(50), seed)
{
    std::mt19937 random(static_cast<std::uint32_t>(seed));
    mux::frame_reader reader(limit);
    const auto got = read_all(reader, joined(), [&] { return 1 + random() % 40; });

    BOOST_TEST((got == frames));
}

BOOST_AUTO_TEST_CASE(a_whole_frame_is_borrowed_and_a_cut_one_is_held)
{
    mux::frame_reader reader(limit);
    const auto wire = frame(4, 1, 100);
    byte_view input = wire;

    const auto whole = reader.next(input).value();
    BOOST_TEST_REQUIRE(whole.has_value());
    BOOST_TEST(whole->payload.data() == wire.data() + mux::frame_header_bytes);
    BOOST_TEST(reader.held_bytes() == 0U);

    input = byte_view(wire).first(50);
    BOOST_TEST(!reader.next(input).value().has_value());
    BOOST_TEST(reader.held_bytes() >= 50U);
    BOOST_TEST(reader.held_bytes() <= 2 * wire.size());
    input = byte_view(wire).subspan(50);
    BOOST_TEST(reader.next(input).value().has_value());
    BOOST_TEST(!reader.next(input).value().has_value());
    BOOST_TEST(reader.held_bytes() == 0U);
}

BOOST_DATA_TEST_CASE(
    a_payload_over_the_limit_is_refused_at_the_header, data::xrange(1, 9), piece_bytes
)
{
    mux::frame_reader reader(limit);
    const auto wire = frame(4, 1, limit + 1);
    byte_view input = byte_view(wire).first(mux::frame_header_bytes);

    result<std::optional<mux::frame_view>> last = std::optional<mux::frame_view>{};
    while (!input.empty() && last) {
        auto part =
            input.first(std::min<std::size_t>(static_cast<std::size_t>(piece_bytes), input.size()));
        input = input.subspan(part.size());
        last = reader.next(part);
    }
    BOOST_TEST_REQUIRE(last.has_error());
    BOOST_TEST(last.error() == error_code{errc::frame_too_large});
}

BOOST_AUTO_TEST_CASE(a_message_may_not_end_inside_a_frame)
{
    const auto wire = frame(4, 1, 20);
    for (std::size_t cut = 1; cut < wire.size(); ++cut) {
        mux::frame_reader reader(limit);
        byte_view input = byte_view(wire).first(cut);
        BOOST_TEST(!reader.next(input).value().has_value());
        BOOST_TEST(reader.end_message() == error_code{errc::protocol});
        input = byte_view(wire).subspan(cut);
        BOOST_TEST(reader.next(input).value().has_value());
        BOOST_TEST(!reader.end_message());
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(errors)

BOOST_AUTO_TEST_CASE(every_lane_error_has_words_of_its_own)
{
    std::vector<std::string> texts;
    for (int code = 32; code <= 37; ++code) {
        const auto ec = make_error_code(static_cast<errc>(code));
        BOOST_TEST(ec.category().name() == std::string("penstock.mux"));
        BOOST_TEST(std::ranges::count(texts, ec.message()) == 0);
        texts.push_back(ec.message());
    }
    BOOST_TEST(make_error_code(static_cast<errc>(99)).message() == "unrecognised mux error");
}

BOOST_AUTO_TEST_SUITE_END()
