#include "load.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <poll.h>
#include <set>
#include <string>
#include <unistd.h>

#include "event_loop.hpp"
#include "streams.hpp"
#include "tally.hpp"
#include "wakers.hpp"

namespace bench {
namespace {

constexpr std::uint64_t opening_max = 64;
constexpr double tick_s = 0.01;

bool stdin_ended()
{
    pollfd one{STDIN_FILENO, POLLIN, 0};
    char octet = 0;
    return ::poll(&one, 1, 0) > 0 && ::read(STDIN_FILENO, &octet, 1) <= 0;
}

/// Keeps `streams` of them going, and counts.
class run final : public run_observer {
public:
    explicit run(const options& o)
        : options_(o), endless_(
                           o.command == "idle" || o.command == "stall" ||
                           (o.octets == 0 && o.seconds == 0 && o.count == 0)
                       )
    {
    }

    int go()
    {
        listen_to_signals();
        started_ = now_s();
        start_more();
        while (!live_.empty() && !over()) {
            loop_.turn(10);
            start_more();
            if (!told_ && all_open())
                tell_ready();
        }
        const double seconds = now_s() - started_;
        for (const auto* one : live_)
            count(*one);
        print_report(options_, tally_, seconds);
        return tally_.problem.empty() ? 0 : 1;
    }

private:
    void listen_to_signals()
    {
        const auto on_signal = [this](int signal) {
            if (signal == SIGUSR1)
                mark();
            else
                stopped_ = true;
        };
        loop_.adopt(std::make_unique<signal_watch>(
            loop_, std::initializer_list<int>{SIGUSR1, SIGTERM, SIGINT}, on_signal
        ));
        if (options_.rate == 0)
            return;
        const auto on_tick = [this](double seconds) {
            for (auto* one : live_)
                one->on_tick(seconds);
        };
        loop_.adopt(std::make_unique<ticker>(loop_, tick_s, on_tick));
    }

    [[nodiscard]] bool over()
    {
        const double age = now_s() - started_;
        if (age > options_.timeout_s) {
            tally_.problem = "not done within the time-out";
            return true;
        }
        return stopped_ || (options_.seconds > 0 && age > options_.seconds) ||
               (endless_ && told_ && stdin_ended());
    }

    /// A few at a time: a burst of thousands would measure how a proxy bounds the dials under way.
    void start_more()
    {
        while (first_begun_ < options_.streams && begun_ - settled_ < opening_max) {
            ++first_begun_;
            start_one();
        }
    }

    void start_one()
    {
        auto made = make();
        ++begun_;
        live_.insert(made.get());
        loop_.adopt(std::move(made));
    }

    std::unique_ptr<client_stream> make()
    {
        const auto& mode = options_.command;
        if (mode == "down")
            return std::make_unique<download>(loop_, options_, *this);
        if (mode == "up")
            return std::make_unique<upload>(loop_, options_, *this);
        if (mode == "latency")
            return std::make_unique<ping_pong>(loop_, options_, *this, tally_.micros);
        if (mode == "stall")
            return std::make_unique<stalled>(loop_, options_, *this);
        if (mode == "verify")
            return std::make_unique<verification>(loop_, options_, *this, options_.seed + begun_);
        return std::make_unique<touch>(loop_, options_, *this, mode == "idle");
    }

    void opened(client_stream&) override { ++settled_; }

    void ended(client_stream& stream, const std::string& why) override
    {
        live_.erase(&stream);
        if (!stream.is_open())
            ++settled_;
        count(stream);
        const bool connects = options_.command == "connect";
        if (!why.empty()) {
            ++tally_.failed;
            tally_.problem = why;
        } else {
            ++tally_.done;
            if (connects)
                tally_.micros.push_back(stream.age_s() * 1e6);
        }
        const bool again = connects && tally_.failed < options_.streams &&
                           (options_.count == 0 || begun_ < options_.count);
        if (again)
            start_one();
    }

    void count(const client_stream& stream)
    {
        tally_.received += stream.received();
        tally_.sent += stream.sent();
    }

    void mark()
    {
        auto received = tally_.received, sent = tally_.sent;
        std::uint64_t moving = 0;
        for (auto* one : live_) {
            received += one->received();
            sent += one->sent();
            moving += one->has_moved() ? 1 : 0;
        }
        print_mark(received, sent, moving);
    }

    /// Idle streams have also been answered once.
    [[nodiscard]] bool all_open() const
    {
        return settled_ >= options_.streams &&
               (options_.command != "idle" ||
                std::all_of(live_.begin(), live_.end(), [](auto* one) {
                    return one->received() > 0;
                }));
    }

    void tell_ready()
    {
        told_ = true;
        std::printf(
            "{\"ready\": %zu, \"failed\": %llu}\n",
            live_.size(),
            static_cast<unsigned long long>(tally_.failed)
        );
        std::fflush(stdout);
    }

    const options& options_;
    bool endless_;
    event_loop loop_;
    std::set<client_stream*> live_;
    tally tally_;
    std::uint64_t first_begun_ = 0, begun_ = 0, settled_ = 0;
    double started_ = 0;
    bool told_ = false;
    bool stopped_ = false;
};

}  // namespace

int load(const options& o) { return run(o).go(); }

}  // namespace bench
