#include <penstock/http/body.hpp>

#include <boost/assert.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace penstock::http {
namespace {

/// Fifteen digits cannot wrap 64 bits, leading zeros included.
constexpr std::size_t size_digits_max = 15;

void append(flat_buffer& out, std::string_view text)
{
    out.append({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

int hex_value(std::uint8_t octet) noexcept
{
    if (octet >= '0' && octet <= '9')
        return octet - '0';
    if (octet >= 'a' && octet <= 'f')
        return octet - 'a' + 10;
    if (octet >= 'A' && octet <= 'F')
        return octet - 'A' + 10;
    return -1;
}

bool is_text(std::uint8_t octet) noexcept { return octet >= 0x20 ? octet != 0x7f : octet == '\t'; }

/// Fields that frame, route or authenticate a message must not come behind it (RFC 9110
/// section 6.5.1), and those of one connection must not pass a proxy.
bool may_trail(std::string_view name) noexcept
{
    constexpr std::string_view barred[] = {
        "Authorization",
        "Cache-Control",
        "Connection",
        "Content-Encoding",
        "Content-Length",
        "Content-Range",
        "Content-Type",
        "Cookie",
        "Expect",
        "Host",
        "Keep-Alive",
        "Max-Forwards",
        "Pragma",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Range",
        "Set-Cookie",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Via",
        "WWW-Authenticate",
    };
    return std::ranges::none_of(barred, [name](std::string_view b) { return same_name(b, name); });
}

}  // namespace

body_reader::body_reader(const body_framing& framing, bool keep_chunks) : keep_chunks_(keep_chunks)
{
    switch (framing.how) {
    case body_framing::kind::none:
        break;
    case body_framing::kind::length:
        left_octets_ = framing.octets;
        state_ = left_octets_ > 0 ? state::counted : state::done;
        break;
    case body_framing::kind::chunked:
        state_ = state::size;
        break;
    case body_framing::kind::until_close:
        state_ = state::until_close;
        break;
    }
}

result<std::size_t> body_reader::handle_octets(byte_view received, flat_buffer& out)
{
    std::size_t used = 0;
    while (used < received.size() && state_ != state::done) {
        const auto rest = received.subspan(used);
        if (state_ == state::until_close) {
            out.append(rest);
            return received.size();
        }
        if (state_ == state::counted || state_ == state::data) {
            const auto taken =
                static_cast<std::size_t>(std::min<std::uint64_t>(left_octets_, rest.size()));
            out.append(rest.first(taken));
            used += taken;
            left_octets_ -= taken;
            if (left_octets_ == 0)
                state_ = state_ == state::counted ? state::done : state::data_cr;
            continue;
        }
        if (const auto ec = handle_chunk_octet(rest.front(), out))
            return ec;
        ++used;
    }
    return used;
}

error_code body_reader::handle_eof()
{
    if (state_ == state::until_close)
        state_ = state::done;
    return done() ? error_code() : errc::truncated_body;
}

error_code body_reader::handle_chunk_octet(std::uint8_t octet, flat_buffer& out)
{
    switch (state_) {
    case state::size:
    case state::after_size:
    case state::extension:
        return handle_size_octet(octet);
    case state::size_lf:
        if (octet != '\n')
            return errc::bad_chunk;
        begin_chunk(out);
        return {};
    case state::data_cr:
        state_ = state::data_lf;
        return octet == '\r' ? error_code() : errc::bad_chunk;
    case state::data_lf:
        state_ = state::size;
        if (keep_chunks_)
            append(out, "\r\n");
        return octet == '\n' ? error_code() : errc::bad_chunk;
    case state::trailer:
        if (++trailer_octets_ > trailer_octets_max)
            return errc::trailers_too_large;
        if (octet == '\r')
            state_ = state::trailer_lf;
        else if (is_text(octet))
            line_.push_back(static_cast<char>(octet));
        else
            return errc::bad_chunk;
        return {};
    case state::trailer_lf:
        return octet == '\n' ? end_trailer_line(out) : errc::bad_chunk;
    case state::counted:
    case state::until_close:
    case state::data:
    case state::done:
        break;
    }
    BOOST_ASSERT(false);
    return errc::bad_chunk;
}

error_code body_reader::handle_size_octet(std::uint8_t octet)
{
    if (++line_octets_ > chunk_line_octets_max)
        return errc::chunk_line_too_long;
    if (state_ == state::size) {
        if (const auto digit = hex_value(octet); digit >= 0) {
            left_octets_ = left_octets_ << 4 | static_cast<std::uint64_t>(digit);
            return ++size_digits_ <= size_digits_max ? error_code() : errc::bad_chunk;
        }
        if (size_digits_ == 0)
            return errc::bad_chunk;
    }
    if (octet == '\r') {
        state_ = state::size_lf;
    } else if (state_ == state::extension) {
        return is_text(octet) ? error_code() : errc::bad_chunk;
    } else if (octet == ';') {
        state_ = state::extension;
    } else if (octet == ' ' || octet == '\t') {
        state_ = state::after_size;  // some servers pad the size
    } else {
        return errc::bad_chunk;
    }
    return {};
}

void body_reader::begin_chunk(flat_buffer& out)
{
    line_octets_ = 0;
    size_digits_ = 0;
    state_ = left_octets_ > 0 ? state::data : state::trailer;
    if (!keep_chunks_)
        return;
    std::array<char, 16> digits;
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), left_octets_, 16).ptr;
    append(out, {digits.data(), static_cast<std::size_t>(end - digits.data())});
    append(out, "\r\n");
}

error_code body_reader::end_trailer_line(flat_buffer& out)
{
    state_ = line_.empty() ? state::done : state::trailer;
    if (line_.empty()) {
        if (keep_chunks_)
            append(out, "\r\n");
        return {};
    }
    const auto name = std::string_view(line_).substr(0, line_.find(':'));
    if (name.size() == line_.size() || !is_token(name))
        return errc::bad_chunk;
    if (keep_chunks_ && may_trail(name)) {
        append(out, line_);
        append(out, "\r\n");
    }
    line_.clear();
    return {};
}

}  // namespace penstock::http
