#include <penstock/observe/log.hpp>

#include <array>
#include <charconv>
#include <cmath>

namespace penstock::observe {
namespace {

/// Controls and non-ASCII octets as \xNN: neither a terminal nor a line reader may be led astray by
/// a peer's text.
void append_escaped(
    std::string& out, std::string_view text, std::string_view escape, bool also_quotes
)
{
    constexpr std::string_view hex = "0123456789abcdef";
    for (const char octet : text) {
        const auto c = static_cast<unsigned char>(octet);
        if (also_quotes && (c == '"' || c == '\\')) {
            out += '\\';
            out += octet;
        } else if (c < 0x20 || c >= 0x7f) {
            out += escape;
            out += hex[c >> 4];
            out += hex[c & 0xf];
        } else {
            out += octet;
        }
    }
}

std::string_view word(severity level) noexcept
{
    switch (level) {
    case severity::debug:
        return "debug";
    case severity::info:
    case severity::announce:  // printed whatever the level, but no alarm
        return "info";
    case severity::warning:
        return "warning";
    case severity::error:
        return "error";
    }
    return "";
}

template <class Number>
void append_number(std::string& out, Number value)
{
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

/// Appends a field's value; the two formats differ in texts only.
struct value_writer {
    std::string& out;
    log_format format;

    void operator()(std::int64_t v) const { append_number(out, v); }
    void operator()(std::uint64_t v) const { append_number(out, v); }
    void operator()(bool v) const { out += v ? "true" : "false"; }
    void operator()(double v) const
    {
        if (std::isfinite(v))
            append_number(out, v);
        else
            out += "null";  // JSON has no word for it
    }
    void operator()(std::string_view v) const { text(v); }
    void operator()(field::bare_text v) const
    {
        if (format == log_format::json)
            text(v.text);
        else
            append_escaped(out, v.text, "\\x", false);
    }
    void operator()(const boost::system::error_code& v) const
    {
        const auto code = std::string(v.category().name()) + ':' + std::to_string(v.value());
        (*this)(bare(code));
    }

private:
    void text(std::string_view v) const
    {
        if (format == log_format::text) {
            append_quoted(out, v);
            return;
        }
        // A JSON text must be Unicode, which a peer's octets need not be: they are shown as in the
        // text format.
        out += '"';
        append_escaped(out, v, "\\\\x", true);
        out += '"';
    }
};

}  // namespace

void append_quoted(std::string& out, std::string_view text)
{
    out += '"';
    append_escaped(out, text, "\\x", true);
    out += '"';
}

std::string format_line(
    log_format format, severity level, std::string_view event, std::initializer_list<field> fields
)
{
    std::string line;
    const value_writer write{line, format};
    if (format == log_format::json) {
        line += "{\"level\":\"";
        line += word(level);
        line += "\",\"event\":";
        write(event);
        for (const auto& f : fields) {
            line += ',';
            write(f.key);
            line += ':';
            std::visit(write, f.value);
        }
        line += '}';
        return line;
    }
    line += word(level);
    line += ' ';
    line += event;
    for (const auto& f : fields) {
        line += ' ';
        line += f.key;
        line += '=';
        std::visit(write, f.value);
    }
    return line;
}

}  // namespace penstock::observe
