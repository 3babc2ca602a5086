#include <penstock/observe/log.hpp>

#include <boost/log/attributes/attribute_set.hpp>
#include <boost/log/attributes/attribute_value_impl.hpp>
#include <boost/log/attributes/value_extraction.hpp>
#include <boost/log/core/core.hpp>
#include <boost/log/core/record_view.hpp>
#include <boost/log/sinks/async_frontend.hpp>
#include <boost/log/sinks/basic_sink_backend.hpp>
#include <boost/log/utility/setup/common_attributes.hpp>
#include <boost/make_shared.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <poll.h>
#include <unistd.h>

namespace penstock::observe {
namespace {

namespace logging = boost::log;
using wall_clock = std::chrono::system_clock;

constexpr int nothing_is_printed = 255;
constexpr std::chrono::milliseconds stop_patience{1'000
};  ///< for a reader of stderr that has stopped reading

std::string timestamp(wall_clock::time_point now)
{
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    const std::time_t seconds = static_cast<std::time_t>(ms.count() / 1000);
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 32> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &utc);
    const auto thousandths = std::to_string(1000 + ms.count() % 1000);
    return std::string(text.data(), length) + thousandths.substr(1) + 'Z';
}

std::string finished_line(
    log_format format, severity level, std::string_view event, std::initializer_list<field> fields
)
{
    const auto time = timestamp(wall_clock::now());
    const auto line = format_line(format, level, event, fields);
    if (format == log_format::json)
        return "{\"time\":\"" + time + "\"," + line.substr(1) + '\n';
    return time + ' ' + line + '\n';
}

/// What callers and the writing thread share. The bound is kept here and not in Boost.Log's queue,
/// whose size is a template argument and which does not count what it drops.
struct queue_state {
    log_settings settings;
    std::atomic<std::size_t> queued{0};
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<bool> stopping{false};
};

std::atomic<int> threshold{nothing_is_printed};
std::atomic<queue_state*> current{nullptr};

/// Waits until stderr takes a line; gives up only when the program ends and nobody reads.
bool wait_writable(const queue_state& state)
{
    std::chrono::milliseconds waited_stopping{0};
    for (;;) {
        pollfd entry{STDERR_FILENO, POLLOUT, 0};
        constexpr int step_ms = 100;
        const int ready = ::poll(&entry, 1, step_ms);
        if (ready > 0)
            return true;
        if (state.stopping)
            waited_stopping += std::chrono::milliseconds(step_ms);
        if (waited_stopping >= stop_patience)
            return false;
    }
}

void write_out(const queue_state& state, std::string_view line)
{
    while (!line.empty()) {
        if (!wait_writable(state))
            return;
        const auto written = ::write(STDERR_FILENO, line.data(), line.size());
        if (written > 0)
            line.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR && errno != EAGAIN)
            return;  // nowhere to complain to
    }
}

void write_dropped(queue_state& state)
{
    if (const auto lines = state.dropped.exchange(0); lines > 0)
        write_out(
            state,
            finished_line(
                state.settings.format, severity::warning, "log.dropped", {{"lines", lines}}
            )
        );
}

class stderr_backend
    : public logging::sinks::basic_sink_backend<logging::sinks::synchronized_feeding> {
public:
    explicit stderr_backend(queue_state* state) : state_(state) {}

    void consume(const logging::record_view& record)
    {
        if (const auto line = logging::extract<std::string>("Line", record))
            write_out(*state_, line.get());
        if (state_->queued.fetch_sub(1) == 1)
            write_dropped(*state_);  // the queue has run empty: the flood is over
    }

private:
    queue_state* state_;
};

using stderr_sink = logging::sinks::asynchronous_sink<stderr_backend>;

}  // namespace

struct log_sink::state : queue_state {
    boost::shared_ptr<stderr_sink> sink;
};

log_sink::log_sink(const log_settings& settings) : state_(std::make_unique<state>())
{
    state_->settings = settings;
    state_->sink =
        boost::make_shared<stderr_sink>(boost::make_shared<stderr_backend>(state_.get()));
    logging::core::get()->add_sink(state_->sink);
    current = state_.get();
    set_level(settings.level);
}

log_sink::~log_sink()
{
    threshold = nothing_is_printed;
    current = nullptr;
    state_->stopping = true;
    logging::core::get()->remove_sink(state_->sink);
    state_->sink->stop();
    state_->sink->flush();
    write_dropped(*state_);
}

void log_sink::set_level(severity level) noexcept { threshold = static_cast<int>(level); }

bool enabled(severity level) noexcept
{
    return static_cast<int>(level) >= threshold.load(std::memory_order_relaxed);
}

void log(severity level, std::string_view event, std::initializer_list<field> fields)
{
    auto* const state = current.load(std::memory_order_acquire);
    if (state == nullptr || !enabled(level))
        return;
    // Lines that scripts wait for are few and never dropped.
    if (state->queued.fetch_add(1) >= state->settings.queue_lines_max &&
        level != severity::announce) {
        state->queued.fetch_sub(1);
        state->dropped.fetch_add(1);
        return;
    }
    static const logging::attribute_set no_attributes;
    const auto core = logging::core::get();
    if (auto record = core->open_record(no_attributes)) {
        auto line = finished_line(state->settings.format, level, event, fields);
        record.attribute_values().insert(
            "Line", logging::attributes::make_attribute_value(std::move(line))
        );
        core->push_record(std::move(record));
    } else {
        state->queued.fetch_sub(1);
    }
}

}  // namespace penstock::observe
