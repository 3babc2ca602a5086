// From the link to the streams' sockets.
#include <penstock/tunnel/lane_driver.hpp>
#include <penstock/ws/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include "kernel_path.hpp"

namespace penstock::tunnel {

namespace asio = io::asio;

namespace {

/// Whether a bare close says no more than that this connection ends (RFC 6455 section 7.4 and the
/// registry there): a proxy that is reloaded, a server behind it that goes away. What ends a lane
/// is told by a frame before the close.
bool is_passing(std::uint16_t code) noexcept
{
    return code == 1000 || code == 1001 || code == 1005 || (code >= 1011 && code <= 1014);
}

}  // namespace

void lane_driver::wait_link_readable()
{
    link_.socket.async_wait(
        io::tcp::socket::wait_read,
        [self = shared_from_this(), link = generation_](const error_code&) {
            self->on_link_readable(link);
        }
    );
}

/// One buffer of ciphertext a turn; a link that has more comes back after the thread's other work.
void lane_driver::on_link_readable(std::uint32_t link)
{
    if (generation_ != link || !linked_)
        return;
    const auto buffer = resources_.buffers.lend();
    const auto room = buffer.bytes();
    const auto count = ::recv(link_.socket.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
    if (count == 0) {
        lose(link_.tls ? "the connection ended without a TLS close" : "the connection ended");
        return;
    }
    if (count < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            const error_code cause(errno, boost::system::system_category());
            lose(cause.message());
            return;
        }
        wait_link_readable();
        return;
    }
    const auto received = room.first(static_cast<std::size_t>(count));
    const auto now = io::clock::now();
    resources_.traffic.add(received.size(), now);
    if (near_.add(received.size(), now))
        adapt_receive_window(now);
    if (link_.tls)
        handle_ciphertext(received);
    else
        handle_plaintext(received);
    if (!linked_)
        return;
    if (lane_.wants_to_send() || !output_.empty() || !pong_.empty() || !ping_.empty() || closing_ ||
        draining_ || retired_)
        flush();
    if (!linked_)
        return;
    arm_deadline();
    if (received.size() == room.size())
        asio::post(resources_.context, [self = shared_from_this(), link] {
            self->on_link_readable(link);
        });
    else
        wait_link_readable();
}

void lane_driver::adapt_receive_window(io::clock::time_point now)
{
    const auto fd = link_.socket.native_handle();
    const auto path = kernel_path_of(fd);
    if (!path)
        return;
    if (const auto limit = near_.update(path->round_trip, path->segment_bytes, now))
        (void)::setsockopt(fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, &*limit, sizeof *limit);
    sizer_.set_near(near_.is_near());
}

void lane_driver::handle_ciphertext(mutable_bytes received)
{
    const auto buffer = resources_.buffers.lend();
    link_.tls->feed(received);
    for (;;) {
        const auto count = link_.tls->read(buffer.bytes(), output_);
        if (!count) {
            lose(link_.tls->failure_detail());
            return;
        }
        if (*count == 0)
            return;
        handle_plaintext(buffer.bytes().first(*count));
        if (!linked_)
            return;
    }
}

void lane_driver::handle_plaintext(mutable_bytes plaintext)
{
    while (!plaintext.empty() && linked_) {
        auto event = link_.decoder.next(plaintext);
        if (!event) {
            if (closing_)
                return;
            lost_why_ = "the peer broke the WebSocket protocol: " + event.error().message();
            // As a rule it was not the peer but something between, which says nothing of the lane.
            if (lane_.resumable()) {
                lose({});
                return;
            }
            close_code_ = ws::close_code_for(event.error());
            begin_closing();
            return;
        }
        if (!*event)
            return;
        handle_websocket(**event);
    }
}

void lane_driver::handle_websocket(ws::event& event)
{
    if (const auto* const piece = std::get_if<ws::data_piece>(&event)) {
        handle_payload(piece->payload, piece->message_end);
        return;
    }
    lane_.handle_sign_of_life(io::clock::now());
    if (const auto* const ping = std::get_if<ws::ping>(&event)) {
        // Only the latest needs an answer (RFC 6455 section 5.5.3), so a flood of pings queues
        // nothing.
        pong_.clear();
        ws::append_pong(pong_, ping->payload, mask());
    } else if (std::holds_alternative<ws::pong>(event)) {
        ++websocket_pongs_;
    } else if (const auto* const close = std::get_if<ws::close>(&event)) {
        peer_close_code_ = close->code;
        if (closing_)
            return;
        if (lost_why_.empty())
            lost_why_ = "the peer closed the link: " + std::to_string(close->code) + ' ' +
                        std::string(close->reason);
        if (lane_.resumable() && is_passing(close->code)) {
            lose({});
            return;
        }
        clean_ = clean_ || close->code == 1000 || close->code == 1001;
        begin_closing();
    }
}

void lane_driver::handle_payload(byte_view payload, bool message_end)
{
    if (closing_)
        return;  // what comes behind our own close frame is not looked at any more
    const auto now = io::clock::now();
    for (;;) {
        if (handing_over_ && !payload.empty()) {
            lose("the peer sent frames before the answer to its resume");
            return;
        }
        auto event = lane_.handle_octets(payload, now);
        if (!event) {
            lane_failed();
            return;
        }
        if (!*event)
            break;
        dispatch(**event);
        if (!linked_ || closing_)
            return;
    }
    if (message_end && lane_.handle_message_end())
        lane_failed();
}

void lane_driver::on_data(const mux::stream_data& data)
{
    auto* const stream = static_cast<local_stream*>(data.tag);
    if (stream == nullptr)
        return;
    const local_stream::pointer keep(stream);
    stream->deliver(data.octets, data.fin);
}

/// A lane that was to be carried on can be tried again as long as it is kept, unless the no is for
/// good.
bool lane_driver::may_ask_again()
{
    const auto now = io::clock::now();
    switch (static_cast<mux::refusal>(refused_code_)) {
    case mux::refusal::limit_reached:
        return true;
    case mux::refusal::unknown_session:
        if (doubt_.count() == 0)
            return false;
        stranger_since_ = stranger_since_.value_or(now);
        if (strangers_left_ == 0)
            return now - *stranger_since_ < doubt_;
        --strangers_left_;
        return true;
    default:
        return false;
    }
}

void lane_driver::dispatch(mux::event& event)
{
    const auto stream_of = [](mux::stream_tag tag) {
        return local_stream::pointer(static_cast<local_stream*>(tag));
    };

    if (const auto* const data = std::get_if<mux::stream_data>(&event)) {
        on_data(*data);
    } else if (const auto* const opened = std::get_if<mux::stream_opened>(&event)) {
        open_answer answer;
        answer.code = failure::none;
        answer.bound = {opened->answer.bound_address, opened->answer.bound_port};
        if (const auto stream = stream_of(opened->tag))
            stream->set_answer(std::move(answer));
    } else if (auto* const refused = std::get_if<mux::open_refused>(&event)) {
        open_answer answer;
        answer.code = refused->code == failure::none ? failure::general : refused->code;
        answer.detail = std::move(refused->text);
        answer.never_looked_at = lane_.never_looked_at(refused->id);
        if (const auto stream = stream_of(refused->tag)) {
            stream->set_answer(std::move(answer));
            stream_ended(*stream, refused->code);
        }
    } else if (const auto* const reset = std::get_if<mux::stream_reset>(&event)) {
        if (const auto stream = stream_of(reset->tag))
            stream_ended(*stream, reset->code == failure::none ? failure::general : reset->code);
    } else if (auto* const open = std::get_if<mux::open_requested>(&event)) {
        const local_stream::pointer stream(new local_stream(*this, open->id));
        lane_.set_tag(open->id, stream.get());
        add(stream);
        stream->deliver(open->request.early, open->fin);
        open->request.early = {};
        if (owner_ != nullptr)
            owner_->on_open(*this, stream, std::move(open->request));
    } else if (const auto* const hello = std::get_if<mux::peer_ready>(&event)) {
        strangers_left_ = strangers_max;
        stranger_since_.reset();
        if (owner_ != nullptr)
            owner_->on_hello(*this, hello->peer);
    } else if (auto* const no = std::get_if<mux::peer_refused>(&event)) {
        lost_why_ = "the server refused the lane: " + no->why.why.text;
        refused_code_ = no->why.why.code;
        if (lane_.resumable() && may_ask_again())
            lose({});
        else
            begin_closing();
    } else if (const auto* const draining = std::get_if<mux::peer_draining>(&event)) {
        if (owner_ != nullptr)
            owner_->on_draining(*this, draining->why.why.text);
    } else if (std::holds_alternative<mux::link_leaving>(event)) {
        if (owner_ == nullptr)
            return;
        constexpr const char* why = "the peer says that this link goes away";
        if (lane_.resumable())
            owner_->on_suspect(*this, why);
        else
            owner_->on_draining(*this, why);
    } else if (const auto* const ended = std::get_if<mux::lane_ended>(&event)) {
        lost_why_ =
            (ended->by_error ? "the peer ended the lane: " : "the peer closed the session: ") +
            ended->why.text;
        clean_ = !ended->by_error;
        begin_closing();
    }
}

}  // namespace penstock::tunnel
