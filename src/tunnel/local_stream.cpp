#include <penstock/io/socket.hpp>
#include <penstock/tunnel/lane_driver.hpp>
#include <penstock/tunnel/local_stream.hpp>

#include <boost/asio/error.hpp>

#include <cerrno>
#include <sys/socket.h>
#include <utility>

namespace penstock::tunnel {

namespace asio = io::asio;

namespace {

/// What the kernel may hold unsent for a client or target: with megabytes of it, "consumed" would
/// mean "queued", and windows would grow for a reader that is slow (MUX.md, amendment 9). A unix
/// socket has no such option.
void limit_unsent(io::stream_socket& socket) noexcept
{
    const int bytes = 128 * 1024;
    (void
    )::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

}  // namespace

void local_stream::attach(
    io::stream_socket socket, octets early, std::function<void(failure)> on_end
)
{
    on_end_ = std::move(on_end);
    opening_.reset();
    if (driver_ == nullptr) {
        io::reset(socket);
        notify(failure::session_lost);
        return;
    }
    socket_.emplace(std::move(socket));
    limit_unsent(*socket_);
    early_ = std::move(early);

    const pointer self(this);  // what follows may end the stream
    if (!flush_inbox() || driver_ == nullptr)
        return;
    if (early_.empty())
        wait_readable();
    else
        driver_->stream_readable(*this);
}

void local_stream::reset(failure code)
{
    if (driver_ != nullptr)
        driver_->reset_stream(*this, code);
}

void local_stream::on_answer(std::function<void()> call)
{
    if (!opening_)
        opening_ = std::make_unique<opening>();
    opening_->changed = std::move(call);
}

void local_stream::set_answer(open_answer answer)
{
    if (!opening_)
        opening_ = std::make_unique<opening>();
    opening_->answer = std::move(answer);
    opening_->answer.answered = true;
    if (const auto call = std::exchange(opening_->changed, {}))
        call();
}

/// Takes what the peer sent: straight into the socket as far as that takes it, the rest waits in
/// the inbox.
void local_stream::deliver(byte_view data, bool fin)
{
    received_bytes_ += data.size();
    fin_received_ = fin_received_ || fin;
    if (!socket_ || !inbox_.empty()) {
        inbox_.append(data);
        return;
    }
    bool failed = false;
    const auto taken = send_some(data, failed);
    if (failed) {
        reset(failure::target_reset);
        return;
    }
    inbox_.append(data.subspan(taken));
    if (taken > 0)
        driver_->stream_consumed(*this, taken);
    if (!inbox_.empty())
        wait_writable();
    else
        finish_output();
}

/// Moves the inbox into the socket. False: the stream was reset.
bool local_stream::flush_inbox()
{
    bool failed = false;
    const auto taken = send_some(inbox_.view(), failed);
    if (failed) {
        reset(failure::target_reset);
        return false;
    }
    inbox_.consume(taken);
    if (taken > 0)
        driver_->stream_consumed(*this, taken);
    if (inbox_.empty()) {
        inbox_.release();
        finish_output();
    } else {
        wait_writable();
    }
    return true;
}

std::size_t local_stream::send_some(byte_view data, bool& failed) noexcept
{
    if (data.empty())
        return 0;
    const auto sent =
        ::send(socket_->native_handle(), data.data(), data.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0)
        return static_cast<std::size_t>(sent);
    failed = errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
    return 0;
}

/// Passes the peer's FIN on, once everything before it has left.
void local_stream::finish_output()
{
    if (!fin_received_ || output_finished_ || !inbox_.empty())
        return;
    output_finished_ = true;
    error_code ignored;  // the socket may be gone already; reading it tells
    socket_->shutdown(io::stream_socket::shutdown_send, ignored);
    end_if_done();
}

local_stream::read_outcome local_stream::read(mutable_bytes into)
{
    if (!early_.empty()) {
        const auto count = std::min(early_.size(), into.size());
        std::memcpy(into.data(), early_.data(), count);
        early_.erase(early_.begin(), early_.begin() + static_cast<std::ptrdiff_t>(count));
        return {.bytes = count};
    }
    if (!socket_)
        return {.drained = true};
    const auto count = ::recv(socket_->native_handle(), into.data(), into.size(), MSG_DONTWAIT);
    if (count > 0) {
        const auto bytes = static_cast<std::size_t>(count);
        return {.bytes = bytes, .drained = bytes < into.size()};
    }
    if (count == 0)
        return {.end = true};
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return {.drained = true};
    return {.failed = true};
}

void local_stream::sent(std::size_t bytes, bool fin)
{
    sent_bytes_ += bytes;
    if (!fin)
        return;
    input_finished_ = true;
    end_if_done();
}

void local_stream::end_if_done()
{
    if (input_finished_ && output_finished_ && driver_ != nullptr)
        driver_->stream_ended(*this, failure::none);
}

/// The driver's last call. RST stays RST, FIN stays FIN.
void local_stream::end(failure code)
{
    const bool never_looked_at =
        driver_ != nullptr && opening_ && driver_->lane().never_looked_at(id_);
    driver_ = nullptr;
    if (socket_) {
        error_code ignored;
        if (code == failure::none)
            socket_->close(ignored);
        else
            io::reset(*socket_);
        socket_.reset();
    }
    inbox_.release();
    early_ = {};
    if (opening_ && !opening_->answer.answered) {
        open_answer answer;
        answer.code = code;
        answer.detail = describe(code).text;
        answer.never_looked_at = never_looked_at;
        set_answer(std::move(answer));
    }
    notify(code);
}

void local_stream::notify(failure code)
{
    if (const auto call = std::exchange(on_end_, {}))
        call(code);
}

void local_stream::wait_readable()
{
    if (waiting_readable_ || !socket_)
        return;
    waiting_readable_ = true;
    socket_->async_wait(io::stream_socket::wait_read, [self = pointer(this)](const error_code& ec) {
        self->on_readable(ec);
    });
}

void local_stream::on_readable(const error_code& ec)
{
    waiting_readable_ = false;
    if (ec != asio::error::operation_aborted && driver_ != nullptr)
        driver_->stream_readable(*this);
}

void local_stream::watch_for_abort()
{
    if (watching_ || !socket_)
        return;
    watching_ = true;
    socket_->async_wait(
        io::stream_socket::wait_error,
        [self = pointer(this)](const error_code& ec) { self->on_exception(ec); }
    );
}

/// Not waited for again until credit runs out again: a socket may report its exception for ever.
void local_stream::on_exception(const error_code& ec)
{
    watching_ = false;
    if (ec == asio::error::operation_aborted || driver_ == nullptr || !socket_)
        return;
    int cause = 0;
    socklen_t size = sizeof cause;
    if (::getsockopt(socket_->native_handle(), SOL_SOCKET, SO_ERROR, &cause, &size) == 0 &&
        cause != 0)
        reset(failure::target_reset);
}

void local_stream::wait_writable()
{
    if (waiting_writable_)
        return;
    waiting_writable_ = true;
    socket_->async_wait(
        io::stream_socket::wait_write,
        [self = pointer(this)](const error_code& ec) { self->on_writable(ec); }
    );
}

void local_stream::on_writable(const error_code& ec)
{
    waiting_writable_ = false;
    if (ec != asio::error::operation_aborted && driver_ != nullptr && socket_)
        (void)flush_inbox();
}

}  // namespace penstock::tunnel
