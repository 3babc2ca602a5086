#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/base/flat_buffer.hpp>
#include <penstock/io/asio.hpp>
#include <penstock/mux/types.hpp>

#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace penstock::tunnel {

class lane_driver;

/// What became of an OPEN, for whoever waits for it.
struct open_answer {
    bool answered = false;
    failure code = failure::general;
    std::string detail;
    io::tcp::endpoint bound;
    bool never_looked_at = false;  ///< refused, and nothing was done for it: ask another lane
};

/// The local end of a stream: the client's socket at the gateway, the target's at the server. Moves
/// octets between the socket and the lane; while nothing moves it owns no buffer and no coroutine.
///
/// Order: made by its driver; attach() once there is a socket; the driver lets go of it when both
/// directions ended. Executor: the driver's thread.
class local_stream final
    : public boost::intrusive_ref_counter<local_stream, boost::thread_unsafe_counter>,
      public boost::intrusive::list_base_hook<
          boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    using pointer = boost::intrusive_ptr<local_stream>;

    local_stream(lane_driver& driver, mux::stream_id id) noexcept : driver_(&driver), id_(id) {}

    /// Gives the stream its socket. `early` goes to the peer before what the socket yields.
    /// `on_end` is told once, when both directions have ended (failure::none) or the stream was
    /// reset.
    void attach(io::stream_socket socket, octets early, std::function<void(failure)> on_end = {});
    /// Ends the stream from this side: RST to the socket, RESET to the peer.
    void reset(failure code);

    /// Called when the OPEN is answered or the stream ends before attach(); replaced or cleared at
    /// any time.
    void on_answer(std::function<void()> call);
    [[nodiscard]] const open_answer* answer() const noexcept
    {
        return opening_ ? &opening_->answer : nullptr;
    }

    [[nodiscard]] mux::stream_id id() const noexcept { return id_; }
    [[nodiscard]] bool ended() const noexcept { return driver_ == nullptr; }
    [[nodiscard]] std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }
    [[nodiscard]] std::uint64_t received_bytes() const noexcept { return received_bytes_; }

private:
    friend class lane_driver;

    struct opening {
        open_answer answer;
        std::function<void()> changed;
    };
    struct read_outcome {
        std::size_t bytes = 0;
        bool end = false;      ///< EOF behind these octets
        bool drained = false;  ///< nothing more right now
        bool failed = false;   ///< the socket is gone
    };

    /// The driver's calls.
    void set_answer(open_answer answer);
    void deliver(byte_view data, bool fin);
    [[nodiscard]] read_outcome read(mutable_bytes into);
    void sent(std::size_t bytes, bool fin);
    void end(failure code);
    void wait_readable();
    /// The peer takes nothing more for now, so nobody reads the socket: its abort shall be noticed
    /// all the same.
    void watch_for_abort();

    void on_readable(const error_code& ec);
    void on_writable(const error_code& ec);
    void on_exception(const error_code& ec);
    void wait_writable();
    [[nodiscard]] bool flush_inbox();
    [[nodiscard]] std::size_t send_some(byte_view data, bool& failed) noexcept;
    void finish_output();
    void end_if_done();
    void notify(failure code);

    lane_driver* driver_;  ///< null: ended
    std::optional<io::stream_socket> socket_;
    std::unique_ptr<opening> opening_;
    std::function<void(failure)> on_end_;
    flat_buffer
        inbox_;     ///< from the peer, not yet taken by the socket; bounded by the stream's credit
    octets early_;  ///< from the client, sent before the socket's octets
    std::uint64_t sent_bytes_ = 0;
    std::uint64_t received_bytes_ = 0;
    mux::stream_id id_;
    bool waiting_readable_ = false;
    bool waiting_writable_ = false;
    bool watching_ = false;
    bool fin_received_ = false;
    bool output_finished_ = false;  ///< the peer's FIN has been passed on
    bool input_finished_ = false;   ///< the socket's EOF has been passed on
};

}  // namespace penstock::tunnel
