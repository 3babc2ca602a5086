#define BOOST_TEST_MODULE observe
#include <penstock/observe/log.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

namespace observe = penstock::observe;
using observe::bare;
using observe::log_format;
using observe::severity;

/// Lends stderr to a pipe for as long as it lives.
class stderr_pipe {
public:
    stderr_pipe() : saved_(::dup(STDERR_FILENO))
    {
        BOOST_REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0);
        ::dup2(ends_[1], STDERR_FILENO);
    }
    ~stderr_pipe()
    {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        ::close(ends_[0]);
        if (ends_[1] >= 0)
            ::close(ends_[1]);
    }
    stderr_pipe(const stderr_pipe&) = delete;
    stderr_pipe& operator=(const stderr_pipe&) = delete;

    /// All that was written until now; gives stderr back.
    std::string take()
    {
        give_back();
        return read_all();
    }

    void give_back()
    {
        ::dup2(saved_, STDERR_FILENO);
        ::close(std::exchange(ends_[1], -1));
    }

    /// Reads until stderr was given back.
    std::string read_all()
    {
        std::string all;
        std::array<char, 4096> chunk{};
        for (;;) {
            const auto got = ::read(ends_[0], chunk.data(), chunk.size());
            if (got <= 0)
                return all;
            all.append(chunk.data(), static_cast<std::size_t>(got));
        }
    }

    /// Fills the pipe, so that a write would block.
    void fill()
    {
        ::fcntl(ends_[1], F_SETFL, O_NONBLOCK);
        const std::array<char, 4096> chunk{};
        while (::write(ends_[1], chunk.data(), chunk.size()) > 0)
            ;
        BOOST_REQUIRE(errno == EAGAIN);
    }

private:
    int saved_;
    std::array<int, 2> ends_{-1, -1};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(sink)

BOOST_AUTO_TEST_CASE(lines_carry_the_time_and_keep_their_order)
{
    stderr_pipe captured;
    {
        const observe::log_sink sink({});
        observe::debug("too.fine");
        observe::info("first.line", {{"n", 1}});
        observe::warning("second.line");
    }
    const std::regex expected(
        "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z info first\\.line n=1\n"
        "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z warning second\\.line\n"
    );
    const auto written = captured.take();
    BOOST_TEST(std::regex_match(written, expected), written);
}

BOOST_AUTO_TEST_CASE(json_lines_are_objects)
{
    stderr_pipe captured;
    {
        const observe::log_sink sink({.format = log_format::json});
        observe::info("first.line", {{"n", 1}});
    }
    const std::regex expected(
        R"(\{"time":"[-0-9T:.]+Z","level":"info","event":"first.line","n":1\}\n)"
    );
    const auto written = captured.take();
    BOOST_TEST(std::regex_match(written, expected), written);
}

BOOST_AUTO_TEST_CASE(announcements_are_printed_whatever_the_level)
{
    stderr_pipe captured;
    {
        const observe::log_sink sink({.level = severity::error});
        observe::warning("not.this");
        observe::announce("gateway.listening", {{"address", bare("[::1]:1080")}});
    }
    const auto written = captured.take();
    BOOST_TEST(written.ends_with("Z info gateway.listening address=[::1]:1080\n"), written);
    BOOST_TEST(written.find("not.this") == std::string::npos, written);
}

BOOST_AUTO_TEST_CASE(the_level_can_change)
{
    stderr_pipe captured;
    {
        const observe::log_sink sink({.level = severity::warning});
        BOOST_TEST(!observe::enabled(severity::info));
        observe::log_sink::set_level(severity::debug);
        BOOST_TEST(observe::enabled(severity::debug));
        observe::debug("now.seen");
    }
    BOOST_TEST(captured.take().find("debug now.seen") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_a_sink_nothing_is_printed)
{
    stderr_pipe captured;
    BOOST_TEST(!observe::enabled(severity::announce));
    observe::error("no.sink");
    BOOST_TEST(captured.take().empty());
}

BOOST_AUTO_TEST_CASE(a_full_queue_drops_and_counts_but_never_blocks)
{
    constexpr int lines = 5'000;
    stderr_pipe captured;
    captured.fill();  // stderr takes nothing, so a call that waited for it would never return
    auto sink = std::make_unique<observe::log_sink>(observe::log_settings{.queue_lines_max = 100});
    for (int i = 0; i < lines; ++i)
        observe::info("flood.line");
    observe::announce("still.queued");

    std::string written;
    std::thread reader([&] { written = captured.read_all(); });
    sink.reset();
    captured.give_back();
    reader.join();

    BOOST_TEST(written.find("still.queued") != std::string::npos);
    BOOST_TEST(written.find("warning log.dropped lines=4900\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nobody_reading_does_not_keep_the_program_from_ending)
{
    stderr_pipe captured;
    captured.fill();
    {
        const observe::log_sink sink({});
        observe::info("never.seen");
    }
    BOOST_TEST(captured.take().find("never.seen") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(many_threads_write_whole_lines)
{
    constexpr int threads = 4;
    constexpr int lines = 200;
    stderr_pipe captured;
    {
        const observe::log_sink sink({});
        std::vector<std::thread> writers;
        for (int t = 0; t < threads; ++t) {
            writers.emplace_back([t] {
                for (int i = 0; i < lines; ++i)
                    observe::info("one.line", {{"thread", t}, {"n", i}});
            });
        }
        for (auto& writer : writers)
            writer.join();
    }
    const auto written = captured.take();
    const std::regex line("[^ \n]+ info one\\.line thread=\\d n=\\d+\n");
    const auto count = std::distance(
        std::sregex_iterator(written.begin(), written.end(), line), std::sregex_iterator()
    );
    BOOST_TEST(count == threads * lines);
    BOOST_TEST(std::ranges::count(written, '\n') == threads * lines);
}

BOOST_AUTO_TEST_SUITE_END()
