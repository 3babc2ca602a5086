#pragma once

#include <penstock/mux/lane.hpp>

#include <map>
#include <memory>
#include <vector>

#include "pipe.hpp"
#include "plan.hpp"

namespace sim {

namespace mux = penstock::mux;

/// How far one end of a stream has come.
struct stream_end {
    std::size_t plan = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t unread = 0;
    bool fin_sent = false;
    bool fin_received = false;
    bool answered = false;  ///< OPEN_OK came
    bool started = false;   ///< may send: opened, or dialled and not waiting for the request's end
    bool over = false;      ///< both finished, refused or reset
    penstock::failure why = penstock::failure::none;
    time_point reads_at = time_point::max();
    time_point dialled_at = time_point::max();
    time_point finished_at = time_point::max();
};

/// One end of the links: a lane, its streams' sources and consumers, and the loop a real owner
/// would run around them.
class endpoint {
public:
    endpoint(
        environment& env,
        char name,
        const mux::lane_settings& settings,
        std::size_t budget_bytes,
        const std::vector<stream_plan>& plans
    );

    /// A link is there; `h` goes first, if this side speaks first on it.
    void connect(pipe& out, std::optional<mux::hello> h);
    /// The link is gone, and the lane waits for another one.
    void disconnect();
    [[nodiscard]] bool connected() const { return out_ != nullptr; }
    void deliver(const pipe::delivery& d);
    /// Everything that is due at this time.
    void run();
    [[nodiscard]] time_point next_at() const;

    [[nodiscard]] const stream_end* end_of(std::size_t plan) const;
    void reset(std::size_t plan, penstock::failure code);

    environment& env;
    char name;
    bool is_client;
    penstock::memory_budget budget;
    penstock::budget_lease lease{budget};
    mux::lane lane;
    std::uint64_t batch_bytes = 32 * 1024;
    bool lost = false;  ///< the lane has given its link up
    std::uint64_t unread_bytes_most = 0;

private:
    void open_due_streams();
    void dispatch(const mux::event& event);
    void on_data(mux::stream_id id, penstock::byte_view octets, bool fin);
    void on_answer(stream_end& s);
    void on_request(const mux::open_requested& request);
    void dialled(mux::stream_id id, stream_end& s);
    void read_due(mux::stream_id id, stream_end& s);
    void flush();
    bool fill(const mux::lane::send_slot& slot, penstock::flat_buffer& message);
    void check_accounts() const;
    void end(stream_end& s, penstock::failure why);
    void finish_if_done(stream_end& s);
    [[nodiscard]] std::uint64_t total_of(const stream_end& s) const;
    [[nodiscard]] double reader_of(const stream_end& s) const;

    const std::vector<stream_plan>& plans_;
    std::uint64_t replay_bytes_max_;
    pipe* out_ = nullptr;  ///< of the link, if there is one
    std::map<mux::stream_id, stream_end> streams_;
    std::map<mux::stream_id, stream_end*> active_;  ///< those that are not over
    std::map<std::size_t, mux::stream_id> by_plan_;
    std::uint64_t unread_ = 0;          ///< of all active streams
    std::vector<std::size_t> to_open_;  ///< latest first
};

}  // namespace sim
