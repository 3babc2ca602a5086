#pragma once

#include <penstock/mux/lane.hpp>
#include <penstock/transport/link.hpp>
#include <penstock/tunnel/batch_sizer.hpp>
#include <penstock/tunnel/local_stream.hpp>
#include <penstock/tunnel/near_link.hpp>
#include <penstock/tunnel/settings.hpp>
#include <penstock/tunnel/thread_resources.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace penstock::tunnel {

class lane_driver;

/// What a driver tells the role that owns it. Calls come from the driver's thread and may call the
/// driver.
class lane_owner {
public:
    virtual ~lane_owner() = default;

    /// The peer's HELLO is there. The accepting side answers with driver.send_hello() or
    /// refuse_hello().
    virtual void on_hello(lane_driver& driver, const mux::hello& peer) = 0;
    /// The peer wants a stream: dial, then accept(stream, socket, ...) or refuse(stream, ...).
    virtual void
    on_open(lane_driver& driver, local_stream::pointer stream, mux::open_frame request) = 0;
    /// The peer takes no new streams on this lane; those that are open go on.
    virtual void on_draining(lane_driver& driver, const std::string& text) = 0;
    /// The link is silent and may be dead: if there is a better one by the time, attach() it.
    virtual void on_suspect(lane_driver&, const std::string& /*why*/) {}
    virtual void on_stream_end(lane_driver& driver, const local_stream& stream, failure code) = 0;
    /// The link is gone, the lane and its streams wait for another one: attach() or resume().
    virtual void on_detached(lane_driver& driver, const std::string& why) = 0;
    /// The last call: the link is gone and all streams have ended. `clean`: either side closed it
    /// on purpose.
    virtual void on_lost(lane_driver& driver, const std::string& why, bool clean) = 0;
};

/// Moves octets between a lane's link, the lane and its local streams, on one thread, without
/// coroutines: waits for readiness, works in the thread's buffers, keeps only what a blocked socket
/// did not take.
///
/// A lost link is replaced if both sides keep a replay log (PROTOCOL.md, resume): the owner is
/// told, and has the lane's resume_timeout() to come with another one.
///
/// Lifetime: held by shared_ptr; `owner` and `resources` outlive it, or abandon() is called first.
class lane_driver final : public std::enable_shared_from_this<lane_driver> {
public:
    lane_driver(
        transport::link link,
        mux::lane_settings lane,
        const settings& config,
        thread_resources& resources,
        lane_owner& owner
    );
    ~lane_driver();

    /// Begins to read and write. The connecting side has called send_hello() before.
    void start();
    /// Connecting side: carries the lane on over another link, instead of the one that it may still
    /// have; `h` asks for a resume. `doubt`: the link may go to a server that never had the
    /// lane, so that three of its kind are not believed, and the next ones only after so long.
    void attach(transport::link link, mux::hello h, std::chrono::seconds doubt = {});
    /// Accepting side: the same over the link on which `peer` came; `h` is our answer. False: the
    /// peer's count cannot be, and the lane ends.
    [[nodiscard]] bool resume(transport::link link, const mux::hello& peer, mux::hello h);
    /// From on_hello(), when the link is for a lane of another driver: this one ends without a word
    /// to its owner, and `take` gets the link as soon as no call is on its way through it.
    void hand_over(std::function<void(transport::link)> take);

    void send_hello(mux::hello h);
    /// Tells the peer why its HELLO is not accepted, then closes the link.
    void refuse_hello(mux::hello_err_frame why);

    /// Nothing: the lane takes no more streams now.
    [[nodiscard]] local_stream::pointer open(mux::open_frame request);
    void accept(
        const local_stream::pointer& stream, io::stream_socket socket, mux::open_ok_frame answer
    );
    void refuse(const local_stream::pointer& stream, failure code, std::string_view detail);

    /// No new streams; the link is closed when the last one has ended.
    void drain(std::chrono::milliseconds deadline, std::string_view text);
    /// The same without a word to the peer, and a lost link is replaced: streams are opened
    /// elsewhere from now on.
    void retire();
    /// Something outside says that the link may be dead, or that it is, if `why` is not empty.
    void probe(const std::string& why);
    /// The WebSocket close code that close() and the end of drain() say, instead of 1000.
    void set_farewell(ws::close_code code) noexcept { farewell_ = code; }
    /// Ends all streams and the link: CLOSE, WebSocket close, close_notify, as far as the socket
    /// takes them.
    void close(std::string_view text);
    /// No more calls to the owner; the link is dropped and its streams are reset, now.
    void abandon();

    [[nodiscard]] const mux::lane& lane() const noexcept { return lane_; }
    [[nodiscard]] bool can_open() const noexcept
    {
        return linked_ && !closing_ && !retired_ && lane_.ready() && lane_.can_open();
    }
    [[nodiscard]] bool lost() const noexcept { return lost_; }
    /// There is a link; whether it has exchanged HELLO is the lane's ready().
    [[nodiscard]] bool linked() const noexcept { return linked_; }
    /// The lane waits for another link.
    [[nodiscard]] bool detached() const noexcept { return detached_; }
    /// It has one, but had better get another, and can.
    [[nodiscard]] bool suspect() const noexcept
    {
        return linked_ && !closing_ && !draining_ && lane_.resumable() &&
               (lane_.suspect() || lane_.link_draining());
    }
    /// The link is lost, and the owner is about to hear of it.
    [[nodiscard]] bool losing() const noexcept
    {
        return !linked_ && !lost_ && !draining_ && lane_.resumable();
    }
    /// The peer of a link said that it does not know the lane, which need not be true of all.
    [[nodiscard]] bool met_strangers() const noexcept { return stranger_since_.has_value(); }
    /// Its streams wait: for a link, for a sign of life, or for what was sent in vain to be sent
    /// again.
    [[nodiscard]] bool hindered() const noexcept
    {
        return detached_ || lane_.suspect() || lane_.replaying();
    }
    /// The code of the peer's HELLO_ERR, 0 without one.
    [[nodiscard]] std::uint16_t refused_code() const noexcept { return refused_code_; }
    /// Of the peer's WebSocket close on the last link; 0 without one.
    [[nodiscard]] std::uint16_t peer_close_code() const noexcept { return peer_close_code_; }
    /// WebSocket pongs that came back, for tests and status.
    [[nodiscard]] std::uint64_t websocket_pongs() const noexcept { return websocket_pongs_; }
    /// Where the link goes to; nothing if it has none.
    [[nodiscard]] std::optional<io::tcp::endpoint> remote() const;
    /// Our end of it, likewise.
    [[nodiscard]] std::optional<io::tcp::endpoint> local() const;
    [[nodiscard]] const std::string& peer_address() const noexcept { return link_.peer_address; }
    [[nodiscard]] const std::string& description() const noexcept { return link_.description; }
    [[nodiscard]] const std::string& congestion() const noexcept { return link_.congestion; }
    [[nodiscard]] bool paced() const noexcept { return link_.paced; }

private:
    friend class local_stream;
    using stream_list =
        boost::intrusive::list<local_stream, boost::intrusive::constant_time_size<false>>;

    // lane_driver_read.cpp
    void wait_link_readable();
    void on_link_readable(std::uint32_t link);
    void adapt_receive_window(io::clock::time_point now);
    void handle_ciphertext(mutable_bytes received);
    void handle_plaintext(mutable_bytes plaintext);
    void handle_websocket(ws::event& event);
    void handle_payload(byte_view payload, bool message_end);
    void dispatch(mux::event& event);
    [[nodiscard]] bool may_ask_again();
    void on_data(const mux::stream_data& data);

    // lane_driver_write.cpp
    void schedule_flush();
    void flush();
    [[nodiscard]] bool write_output(io::clock::time_point now);
    [[nodiscard]] bool build_batch(io::clock::time_point now);
    void fill_batch(flat_buffer& batch, io::clock::time_point now);
    void
    read_stream(const mux::lane::send_slot& slot, flat_buffer& batch, io::clock::time_point now);
    void seal(flat_buffer& batch);
    void adapt_to_rate();
    void append_sealed(octets& frame);

    // lane_driver_link.cpp
    void start_link(std::chrono::milliseconds patience);
    void lose(std::string why);
    void drop_link() noexcept;
    void freeze();
    void end(std::string why);
    void finish();

    // lane_driver.cpp
    void lane_failed();
    void begin_closing();
    void arm_deadline();
    void arm_websocket_ping();
    void on_deadline();
    void close_if_drained();
    void websocket_close(ws::close_code code, std::string_view text);
    [[nodiscard]] std::optional<ws::mask_key> mask();
    void add(const local_stream::pointer& stream);

    // local_stream's calls
    void stream_readable(local_stream& stream);
    void stream_consumed(local_stream& stream, std::size_t bytes);
    void reset_stream(local_stream& stream, failure code);
    void stream_ended(local_stream& stream, failure code);

    static constexpr unsigned strangers_max = 3;

    transport::link link_;
    mux::lane lane_;
    settings config_;
    thread_resources& resources_;
    lane_owner* owner_;
    batch_sizer sizer_;
    near_link near_;
    flat_buffer output_;  ///< ciphertext that the socket did not take yet
    octets pong_;         ///< WebSocket pong that the next batch begins with; only the latest
    octets ping_;         ///< WebSocket ping of ours, likewise
    io::asio::steady_timer ping_timer_;
    std::uint64_t websocket_pongs_ = 0;
    stream_list streams_;
    io::asio::steady_timer deadline_;
    io::clock::time_point armed_for_ = io::clock::time_point::max();
    io::clock::time_point hello_due_ = io::clock::time_point::max();
    io::clock::time_point close_by_ = io::clock::time_point::max();
    io::clock::time_point expires_ = io::clock::time_point::max();  ///< while detached
    std::uint32_t generation_ = 0;  ///< of the link: what was started for an earlier one is stale
    std::size_t lowat_bytes_ = 0;
    std::string lost_why_;
    std::uint16_t refused_code_ = 0;
    unsigned strangers_left_ = strangers_max;  ///< servers elsewhere that may not know the lane
    std::optional<io::clock::time_point> stranger_since_;
    std::chrono::seconds doubt_{0};
    std::uint16_t peer_close_code_ = 0;
    ws::close_code farewell_ = ws::close_code::normal;
    ws::close_code close_code_ = ws::close_code::normal;
    bool clean_ = false;
    bool linked_ = false;
    bool detached_ = false;
    bool handing_over_ = false;
    bool flush_scheduled_ = false;
    bool write_blocked_ = false;
    bool draining_ = false;
    bool retired_ = false;
    bool closing_ = false;  ///< the close frame is queued; when all is written the link goes
    bool close_sent_ = false;
    bool lost_ = false;
};

}  // namespace penstock::tunnel
