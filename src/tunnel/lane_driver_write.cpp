// From the streams' sockets to the link: batches, built when the socket has room for them.
#include <penstock/tunnel/lane_driver.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

namespace penstock::tunnel {
namespace {

/// Then the thread's other work gets its turn.
constexpr int batches_per_turn_max = 4;
constexpr int batches_per_turn_near = 1;

/// Control frames of a batch before its first data (PROTOCOL.md, scheduler).
constexpr std::size_t control_bytes_max = 4 * 1024;

}  // namespace

void lane_driver::schedule_flush()
{
    if (flush_scheduled_ || write_blocked_ || !linked_)
        return;
    flush_scheduled_ = true;
    io::asio::post(resources_.context, [self = shared_from_this()] {
        self->flush_scheduled_ = false;
        self->flush();
    });
}

void lane_driver::flush()
{
    if (write_blocked_ || !linked_)
        return;
    const int most = near_.is_near() ? batches_per_turn_near : batches_per_turn_max;
    for (int batch = 0; batch < most; ++batch) {
        if (output_.capacity() == 0)
            output_ = resources_.take_output();
        const auto now = io::clock::now();
        if (output_.empty() && !build_batch(now)) {
            resources_.give_output(std::exchange(output_, {}));
            const bool was_closing = closing_;
            close_if_drained();
            if (closing_ != was_closing)
                continue;  // CLOSE goes before the end of the link
            if (closing_ && !close_sent_) {
                close_sent_ = true;
                websocket_close(close_code_, lost_why_);
                continue;
            }
            if (close_sent_) {
                error_code ignored;
                link_.socket.shutdown(io::tcp::socket::shutdown_send, ignored);
            }
            arm_deadline();
            return;
        }
        if (!write_output(now))
            return;
    }
    schedule_flush();
}

/// Writes what is encrypted. False: the socket takes no more now, or the link is lost.
bool lane_driver::write_output(io::clock::time_point now)
{
    while (!output_.empty()) {
        const auto data = output_.view();
        const auto count = ::send(
            link_.socket.native_handle(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT
        );
        if (count > 0) {
            const auto written = static_cast<std::size_t>(count);
            output_.consume(written);
            sizer_.add(written, written < data.size(), now);
            resources_.traffic.add(written, now);
            continue;
        }
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            const error_code cause(errno, boost::system::system_category());
            lose(cause.message());
            return false;
        }
        sizer_.add(0, true, now);
        write_blocked_ = true;
        arm_deadline();
        link_.socket.async_wait(
            io::tcp::socket::wait_write,
            [self = shared_from_this(), link = generation_](const error_code&) {
                if (self->generation_ != link)
                    return;
                self->write_blocked_ = false;
                self->flush();
            }
        );
        return false;
    }
    adapt_to_rate();
    return true;
}

/// One batch: WebSocket control frames, then one binary message of whole frames. False: there is
/// nothing to send.
bool lane_driver::build_batch(io::clock::time_point now)
{
    if (!close_sent_) {
        append_sealed(pong_);
        append_sealed(ping_);
    }
    if (!close_sent_ && lane_.wants_to_send()) {
        auto& batch = resources_.staging;
        batch.clear();
        (void)batch.prepare(
            batch_sizer::batch_bytes_max + mux::payload_bytes_max + ws::header_octets_max
        );
        batch.commit(ws::header_octets_max);
        lane_.poll_control(batch, control_bytes_max, now);
        if (!closing_) {
            lane_.poll_replay(batch, sizer_.batch_bytes());
            fill_batch(batch, now);
        }
        if (batch.size() > ws::header_octets_max)
            seal(batch);
        batch.clear();
    }
    return !output_.empty();
}

void lane_driver::fill_batch(flat_buffer& batch, io::clock::time_point now)
{
    const auto batch_bytes = sizer_.batch_bytes();
    lane_.set_chunk_bytes(sizer_.chunk_bytes());
    while (batch.size() < batch_bytes) {
        const auto slot = lane_.poll_data(mux::payload_bytes_max + mux::frame_header_bytes);
        if (!slot)
            return;
        read_stream(*slot, batch, now);
    }
}

/// From the stream's socket straight behind its frame header.
void lane_driver::read_stream(
    const mux::lane::send_slot& slot, flat_buffer& batch, io::clock::time_point now
)
{
    const local_stream::pointer stream(static_cast<local_stream*>(slot.tag));
    const auto frame = batch.prepare(mux::frame_header_bytes + slot.payload_bytes_max);
    const auto outcome =
        stream->read(frame.subspan(mux::frame_header_bytes, slot.payload_bytes_max));
    if (outcome.failed) {
        reset_stream(*stream, failure::target_reset);
        return;
    }
    bool has_credit = true;
    if (outcome.bytes > 0 || outcome.end) {
        has_credit = lane_.commit_data(slot.id, outcome.bytes, outcome.end, frame, now);
        batch.commit(mux::frame_header_bytes + outcome.bytes);
    }
    if (outcome.drained)
        lane_.set_ready(slot.id, false);
    stream->sent(outcome.bytes, outcome.end);
    if (stream->ended())
        return;
    if (outcome.drained)
        stream->wait_readable();
    else if (!has_credit)
        stream->watch_for_abort();
}

/// Moves a WebSocket control frame to the output.
void lane_driver::append_sealed(octets& frame)
{
    if (frame.empty())
        return;
    if (!link_.tls)
        output_.append(frame);
    else if (const auto ec = link_.tls->write(frame, output_))
        lose("tls: " + ec.message());
    frame.clear();
}

void lane_driver::seal(flat_buffer& batch)
{
    // The batch is the thread's own memory: masking it in place harms nobody.
    const auto whole = mutable_bytes(const_cast<std::uint8_t*>(batch.view().data()), batch.size());
    const auto payload = whole.subspan(ws::header_octets_max);
    const auto head = ws::frame_in_place(whole.first<ws::header_octets_max>(), payload, mask());
    const auto message = whole.subspan(ws::header_octets_max - head);
    if (!link_.tls)
        output_.append(message);
    else if (const auto ec = link_.tls->write(message, output_))
        lose("tls: " + ec.message());
}

/// What is in the kernel cannot be overtaken, so its queue follows the rate as the batch does
/// (MUX.md 5.6).
void lane_driver::adapt_to_rate()
{
    const auto wanted = sizer_.lowat_bytes();
    if (wanted <= lowat_bytes_ + lowat_bytes_ / 4 && wanted >= lowat_bytes_ - lowat_bytes_ / 4)
        return;
    lowat_bytes_ = wanted;
    const int value = static_cast<int>(wanted);
    (void)::setsockopt(
        link_.socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value
    );
}

}  // namespace penstock::tunnel
