#include <penstock/observe/log.hpp>

#include <boost/log/attributes/attribute_set.hpp>
#include <boost/log/attributes/attribute_value_impl.hpp>
#include <boost/log/attributes/value_extraction.hpp>
#include <boost/log/core/core.hpp>
#include <boost/log/core/record_view.hpp>
#include <boost/log/sinks/basic_sink_backend.hpp>
#include <boost/log/sinks/unlocked_frontend.hpp>
#include <boost/log/utility/setup/common_attributes.hpp>
#include <boost/make_shared.hpp>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <mutex>
#include <poll.h>
#include <thread>
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

/// Waits until stderr takes a line; gives up only when the program ends and nobody reads.
bool wait_writable(const std::atomic<bool>& stopping)
{
    std::chrono::milliseconds waited_stopping{0};
    for (;;) {
        pollfd entry{STDERR_FILENO, POLLOUT, 0};
        constexpr int step_ms = 100;
        const int ready = ::poll(&entry, 1, step_ms);
        if (ready > 0)
            return true;
        if (stopping)
            waited_stopping += std::chrono::milliseconds(step_ms);
        if (waited_stopping >= stop_patience)
            return false;
    }
}

void write_out(std::string_view line, const std::atomic<bool>& stopping)
{
    while (!line.empty()) {
        if (!wait_writable(stopping))
            return;
        const auto written = ::write(STDERR_FILENO, line.data(), line.size());
        if (written > 0)
            line.remove_prefix(static_cast<std::size_t>(written));
        else if (errno != EINTR && errno != EAGAIN)
            return;  // nowhere to complain to
    }
}

/// Finished lines on their way to the thread that writes them, since stderr may block. Not
/// Boost.Log's asynchronous frontend: its queue has no bound that counts what it drops, and it
/// hands records over with atomics inside the shared library, where ThreadSanitizer cannot follow.
class line_queue {
public:
    explicit line_queue(const log_settings& settings)
        : settings_(settings), thread_([this] { run(); })
    {
    }
    ~line_queue()
    {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }
    line_queue(const line_queue&) = delete;
    line_queue& operator=(const line_queue&) = delete;

    [[nodiscard]] const log_settings& settings() const noexcept { return settings_; }

    /// False, and counted: the queue is full. Lines that scripts wait for are few and never
    /// dropped.
    [[nodiscard]] bool reserve(severity level)
    {
        const std::lock_guard lock(mutex_);
        if (queued_ >= settings_.queue_lines_max && level != severity::announce) {
            ++dropped_;
            return false;
        }
        ++queued_;
        return true;
    }
    /// In the place that was reserved.
    void push(std::string line)
    {
        {
            const std::lock_guard lock(mutex_);
            lines_.push_back(std::move(line));
        }
        changed_.notify_one();
    }

private:
    void run()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [this] { return stopping_ || !lines_.empty(); });
            if (lines_.empty())
                break;
            const auto line = std::move(lines_.front());
            lines_.pop_front();
            lock.unlock();
            write_out(line, stopping_);
            lock.lock();
            if (--queued_ == 0)
                write_dropped(lock);  // the queue has run empty: the flood is over
        }
        write_dropped(lock);
    }

    void write_dropped(std::unique_lock<std::mutex>& lock)
    {
        const auto lines = std::exchange(dropped_, 0);
        if (lines == 0)
            return;
        lock.unlock();
        write_out(
            finished_line(settings_.format, severity::warning, "log.dropped", {{"lines", lines}}),
            stopping_
        );
        lock.lock();
    }

    log_settings settings_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> lines_;
    std::size_t queued_ = 0;  ///< with those reserved and the one being written
    std::uint64_t dropped_ = 0;
    std::atomic<bool> stopping_{false};
    std::thread thread_;  ///< last: it uses all of the above
};

std::atomic<int> threshold{nothing_is_printed};
std::atomic<line_queue*> current{nullptr};

class stderr_backend
    : public logging::sinks::basic_sink_backend<logging::sinks::concurrent_feeding> {
public:
    explicit stderr_backend(line_queue* lines) : lines_(lines) {}

    void consume(const logging::record_view& record)
    {
        lines_->push(logging::extract_or_default<std::string>("Line", record, std::string()));
    }

private:
    line_queue* lines_;
};

using stderr_sink = logging::sinks::unlocked_sink<stderr_backend>;

}  // namespace

struct log_sink::state {
    explicit state(const log_settings& settings) : lines(settings) {}

    line_queue lines;
    boost::shared_ptr<stderr_sink> sink =
        boost::make_shared<stderr_sink>(boost::make_shared<stderr_backend>(&lines));
};

log_sink::log_sink(const log_settings& settings) : state_(std::make_unique<state>(settings))
{
    logging::core::get()->add_sink(state_->sink);
    current = &state_->lines;
    set_level(settings.level);
}

log_sink::~log_sink()
{
    threshold = nothing_is_printed;
    current = nullptr;
    logging::core::get()->remove_sink(state_->sink);
}

void log_sink::set_level(severity level) noexcept { threshold = static_cast<int>(level); }

bool enabled(severity level) noexcept
{
    return static_cast<int>(level) >= threshold.load(std::memory_order_relaxed);
}

void log(severity level, std::string_view event, std::initializer_list<field> fields)
{
    auto* const lines = current.load(std::memory_order_acquire);
    if (lines == nullptr || !enabled(level) || !lines->reserve(level))
        return;
    static const logging::attribute_set no_attributes;
    const auto core = logging::core::get();
    auto record = core->open_record(no_attributes);
    if (!record) {
        lines->push({});  // gives the place back
        return;
    }
    auto line = finished_line(lines->settings().format, level, event, fields);
    record.attribute_values().insert(
        "Line", logging::attributes::make_attribute_value(std::move(line))
    );
    core->push_record(std::move(record));
}

}  // namespace penstock::observe
