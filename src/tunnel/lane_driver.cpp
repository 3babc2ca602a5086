#include <penstock/auth/secret.hpp>
#include <penstock/io/socket.hpp>
#include <penstock/tunnel/lane_driver.hpp>

#include <boost/asio/post.hpp>

#include <utility>

namespace penstock::tunnel {
namespace {

/// After our close frame: how long the peer has to close its side before the socket is dropped.
constexpr std::chrono::seconds close_timeout{1};

}  // namespace

lane_driver::lane_driver(
    transport::link link,
    mux::lane_settings lane,
    const settings& config,
    thread_resources& resources,
    lane_owner& owner
)
    : link_(std::move(link)), lane_(lane, resources.lease, io::clock::now()), config_(config),
      resources_(resources), owner_(&owner), ping_timer_(resources.context),
      deadline_(resources.context)
{
}

lane_driver::~lane_driver() { abandon(); }

void lane_driver::send_hello(mux::hello h)
{
    lane_.send_hello(std::move(h));
    schedule_flush();
}

void lane_driver::refuse_hello(mux::hello_err_frame why)
{
    lost_why_ = why.why.text;
    lane_.send_hello_error(std::move(why));
    begin_closing();
    schedule_flush();
}

void lane_driver::add(const local_stream::pointer& stream)
{
    streams_.push_back(*stream);
    intrusive_ptr_add_ref(stream.get());
}

local_stream::pointer lane_driver::open(mux::open_frame request)
{
    if (!can_open())
        return {};
    const local_stream::pointer stream(new local_stream(*this, mux::stream_id{}));
    const auto id = lane_.open(std::move(request), stream.get(), io::clock::now());
    if (!id)
        return {};
    stream->id_ = *id;
    add(stream);
    schedule_flush();
    return stream;
}

void lane_driver::accept(
    const local_stream::pointer& stream, io::stream_socket socket, mux::open_ok_frame answer
)
{
    if (stream->ended()) {
        io::reset(socket);
        return;
    }
    lane_.accept(stream->id(), std::move(answer), io::clock::now());
    stream->attach(std::move(socket), {});
    schedule_flush();
}

void lane_driver::refuse(const local_stream::pointer& stream, failure code, std::string_view detail)
{
    if (stream->ended())
        return;
    lane_.refuse(stream->id(), code, detail);
    stream_ended(*stream, code);
    schedule_flush();
}

void lane_driver::drain(std::chrono::milliseconds deadline, std::string_view text)
{
    if (draining_ || lost_)
        return;
    draining_ = true;
    lane_.drain(deadline, text);
    schedule_flush();
}

void lane_driver::retire()
{
    retired_ = true;
    schedule_flush();
}

void lane_driver::probe(const std::string& why)
{
    if (!linked_ || closing_ || !lane_.ready())
        return;
    const bool was_suspect = lane_.suspect();
    lane_.probe(!why.empty());
    if (lane_.suspect() && !was_suspect && owner_ != nullptr)
        owner_->on_suspect(*this, why);
    schedule_flush();
    arm_deadline();
}

void lane_driver::close(std::string_view text)
{
    if (lost_ || closing_)
        return;
    while (!streams_.empty())
        reset_stream(streams_.front(), failure::session_lost);
    lane_.close(text);
    lost_why_ = text;
    close_code_ = farewell_;
    clean_ = true;
    if (!linked_) {
        end({});
        return;
    }
    begin_closing();
    schedule_flush();
}

void lane_driver::abandon()
{
    owner_ = nullptr;
    lost_ = true;
    linked_ = false;
    while (!streams_.empty())
        stream_ended(streams_.front(), failure::session_lost);
    ping_timer_.cancel();
    deadline_.cancel();
    error_code ignored;
    link_.socket.close(ignored);
}

/// The lane's state is broken: tell the peer which rule, then close (RFC 6455 section 7.4.1).
void lane_driver::lane_failed()
{
    if (closing_ || lost_)
        return;
    const auto& why = *lane_.failure_reason();
    lost_why_ = "the peer broke the protocol: " + why.text;
    close_code_ = why.code == static_cast<std::uint16_t>(mux::errc::internal)
                      ? ws::close_code::internal_error
                  : why.code == static_cast<std::uint16_t>(mux::errc::enhance_your_calm)
                      ? ws::close_code::policy_violation
                      : ws::close_code::protocol_error;
    begin_closing();
    schedule_flush();
}

/// From here on no stream is served: what is queued is sent, then the close frame, and the peer has
/// a moment to close its side. Closing at once would turn into an RST that can overtake the words
/// just sent.
void lane_driver::begin_closing()
{
    if (closing_)
        return;
    closing_ = true;
    close_by_ = io::clock::now() + close_timeout;
    arm_deadline();
}

void lane_driver::close_if_drained()
{
    if ((draining_ || retired_) && !closing_ && lane_.stream_count() == 0)
        close("drained");
}

void lane_driver::arm_deadline()
{
    if (!linked_ && !detached_)
        return;
    auto due = lane_.next_deadline();
    if (detached_)
        due = std::min(due, expires_);
    else if (closing_)
        due = close_by_;
    else if (!lane_.ready())
        due = std::min(due, hello_due_);
    // Later ones are seen when the timer fires; only an earlier one is worth moving it.
    if (due >= armed_for_)
        return;
    armed_for_ = due;
    deadline_.expires_at(due);
    deadline_.async_wait([self = shared_from_this()](const error_code& ec) {
        if (!ec)
            self->on_deadline();
    });
}

void lane_driver::arm_websocket_ping()
{
    if (config_.websocket_ping_interval == std::chrono::milliseconds::zero() || !linked_)
        return;
    ping_timer_.expires_after(config_.websocket_ping_interval);
    ping_timer_.async_wait([self = shared_from_this(), link = generation_](const error_code& ec) {
        if (ec || self->generation_ != link || self->closing_)
            return;
        self->ping_.clear();
        ws::append_ping(self->ping_, {}, self->mask());
        self->schedule_flush();
        self->arm_websocket_ping();
    });
}

void lane_driver::on_deadline()
{
    armed_for_ = io::clock::time_point::max();
    if (!linked_ && !detached_)
        return;
    const auto now = io::clock::now();
    if (detached_ && now >= expires_) {
        end("no other link came in time");
        return;
    }
    if (linked_ && closing_) {
        if (now >= close_by_)
            lose("closed");
        arm_deadline();
        return;
    }
    if (linked_ && !lane_.ready() && now >= hello_due_) {
        if (lane_.resumable()) {
            lose("no HELLO in time");
            return;
        }
        lost_why_ = "no HELLO in time";
        begin_closing();
        schedule_flush();
        return;
    }
    if (now >= lane_.next_deadline()) {
        const bool was_suspect = lane_.suspect();
        if (lane_.handle_timeout(now)) {
            lose("the peer has been silent for too long");
            return;
        }
        if (lane_.suspect() && !was_suspect && owner_ != nullptr)
            owner_->on_suspect(*this, "the peer is silent though an answer is due");
        while (auto event = lane_.poll_event())
            dispatch(*event);
        if (lane_.failed())
            lane_failed();
    }
    if (lane_.wants_to_send())
        schedule_flush();
    arm_deadline();
}

/// Queues what ends the link behind everything else.
void lane_driver::websocket_close(ws::close_code code, std::string_view text)
{
    octets frame;
    ws::append_close(frame, code, text, mask());
    append_sealed(frame);
    if (link_.tls)
        link_.tls->shutdown(output_);
}

std::optional<ws::mask_key> lane_driver::mask()
{
    if (link_.role == ws::role::server)
        return std::nullopt;
    return resources_.next_mask();
}

void lane_driver::stream_readable(local_stream& stream)
{
    if (!lane_.set_ready(stream.id(), true))
        stream.watch_for_abort();
    if (lane_.wants_to_send())
        schedule_flush();
}

void lane_driver::stream_consumed(local_stream& stream, std::size_t bytes)
{
    lane_.consumed(stream.id(), bytes, io::clock::now());
    if (lane_.wants_to_send())
        schedule_flush();
}

void lane_driver::reset_stream(local_stream& stream, failure code)
{
    lane_.reset(stream.id(), code);
    stream_ended(stream, code);
    schedule_flush();
}

void lane_driver::stream_ended(local_stream& stream, failure code)
{
    const local_stream::pointer keep(&stream, false);  // takes over the list's reference
    stream.unlink();
    stream.end(code);
    if (owner_ != nullptr)
        owner_->on_stream_end(*this, stream, code);
    if ((draining_ || retired_) && !lost_)
        schedule_flush();
}

}  // namespace penstock::tunnel
