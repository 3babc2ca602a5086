#pragma once

#include <boost/system/error_code.hpp>

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace penstock::observe {

/// error: an operator must act; warning: a limit was hit or a peer misbehaved; info: lifecycle;
/// debug: the rest; announce: a line that scripts wait for, printed whatever the level.
enum class severity : std::uint8_t { debug, info, warning, error, announce };

/// A ` key=value` pair. Keys carry their unit: `sent_bytes`, `age_ms`. Borrows its text until the
/// line is written. Text is quoted and its controls escaped, so that a peer cannot forge a line;
/// `bare()` is for our own words.
struct field {
    struct bare_text {
        std::string_view text;
    };
    using value_type = std::variant<
        std::int64_t,
        std::uint64_t,
        double,
        bool,
        std::string_view,
        bare_text,
        boost::system::error_code>;

    std::string_view key;
    value_type value;

    field(std::string_view k, std::string_view v) : key(k), value(v) {}
    field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
    field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
    field(std::string_view k, bare_text v) : key(k), value(v) {}
    field(std::string_view k, boost::system::error_code v) : key(k), value(v) {}
    field(std::string_view k, bool v) : key(k), value(v) {}
    field(std::string_view k, std::floating_point auto v) : key(k), value(static_cast<double>(v)) {}
    field(std::string_view k, std::signed_integral auto v)
        : key(k), value(static_cast<std::int64_t>(v))
    {
    }
    field(std::string_view k, std::unsigned_integral auto v)
        : key(k), value(static_cast<std::uint64_t>(v))
    {
    }
};

/// Our own words, printed without quotes: `bare("eof")`.
[[nodiscard]] inline field::bare_text bare(std::string_view text) noexcept { return {text}; }

enum class log_format : std::uint8_t { text, json };

struct log_settings {
    severity level = severity::info;
    log_format format = log_format::text;
    std::size_t queue_lines_max =
        4096;  ///< beyond it lines are dropped and counted, never waited for
};

/// Starts Boost.Log with one bounded asynchronous sink on stderr. The destructor writes what is
/// queued and, if lines were dropped, a last `log.dropped lines=N`. main() builds one; tests may
/// build none, then nothing is printed.
class log_sink {
public:
    explicit log_sink(const log_settings& settings);
    ~log_sink();
    log_sink(const log_sink&) = delete;
    log_sink& operator=(const log_sink&) = delete;

    static void set_level(severity level) noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// Whether a line of this severity would be printed; a load and a compare.
[[nodiscard]] bool enabled(severity level) noexcept;

/// Queues one line `noun.verb key=value ...`; never blocks, may be called from any thread.
void log(severity level, std::string_view event, std::initializer_list<field> fields = {});

inline void debug(std::string_view event, std::initializer_list<field> fields = {})
{
    if (enabled(severity::debug))
        log(severity::debug, event, fields);
}
inline void info(std::string_view event, std::initializer_list<field> fields = {})
{
    if (enabled(severity::info))
        log(severity::info, event, fields);
}
inline void warning(std::string_view event, std::initializer_list<field> fields = {})
{
    if (enabled(severity::warning))
        log(severity::warning, event, fields);
}
inline void error(std::string_view event, std::initializer_list<field> fields = {})
{
    log(severity::error, event, fields);
}
inline void announce(std::string_view event, std::initializer_list<field> fields = {})
{
    log(severity::announce, event, fields);
}

/// `text` in double quotes, with quotes, backslashes, controls and non-ASCII octets escaped.
void append_quoted(std::string& out, std::string_view text);

/// The line as it is printed, without time and newline; what the sink uses and tests look at.
[[nodiscard]] std::string format_line(
    log_format format, severity level, std::string_view event, std::initializer_list<field> fields
);

}  // namespace penstock::observe
