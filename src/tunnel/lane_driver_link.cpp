// How a lane gets a link, loses it and gets another one.
#include <penstock/tunnel/lane_driver.hpp>

#include <boost/asio/post.hpp>
#include <boost/assert.hpp>

#include <utility>

namespace penstock::tunnel {

namespace asio = io::asio;

namespace {

/// Streams wait for the answer to a resume: a link that is silent already is worth less patience
/// than a first one.
constexpr std::chrono::seconds resume_answer_timeout{2};

}  // namespace

void lane_driver::start() { start_link(config_.hello_timeout); }

void lane_driver::attach(transport::link link, mux::hello h, std::chrono::seconds doubt)
{
    doubt_ = doubt;
    freeze();
    link_ = std::move(link);
    lane_.send_hello(std::move(h));
    start_link(std::min<std::chrono::milliseconds>(config_.hello_timeout, resume_answer_timeout));
}

bool lane_driver::resume(transport::link link, const mux::hello& peer, mux::hello h)
{
    freeze();
    link_ = std::move(link);
    const bool possible = lane_.resume(peer, peer.attach->recv_seq, io::clock::now());
    if (possible)
        lane_.send_hello(std::move(h));
    start_link(config_.hello_timeout);
    if (!possible) {
        mux::hello_err_frame refused;
        refused.why = {
            static_cast<std::uint16_t>(mux::refusal::lane_lost),
            "the lane cannot be carried on from there"
        };
        refuse_hello(std::move(refused));
    }
    return possible;
}

/// What belongs to a link begins anew with it: rates, windows of the kernel, time-outs.
void lane_driver::start_link(std::chrono::milliseconds patience)
{
    ++generation_;
    linked_ = true;
    detached_ = false;
    closing_ = close_sent_ = clean_ = write_blocked_ = false;
    refused_code_ = 0;
    peer_close_code_ = 0;
    close_code_ = ws::close_code::normal;
    lost_why_.clear();
    sizer_ = {};
    near_ = {};
    lowat_bytes_ = 0;
    hello_due_ = io::clock::now() + patience;
    error_code ignored;  // reads and writes pass MSG_DONTWAIT; this is for Asio's own bookkeeping
    link_.socket.non_blocking(true, ignored);
    adapt_to_rate();
    if (!link_.early.empty()) {
        auto early = std::exchange(link_.early, {});
        handle_plaintext(early);
    }
    if (!linked_)
        return;
    wait_link_readable();
    arm_websocket_ping();
    flush();
}

/// The link is of no use any more: the lane waits for another one if it may, else all is over.
void lane_driver::lose(std::string why)
{
    if (!linked_)
        return;
    if (closing_ || draining_ || handing_over_ || !lane_.resumable()) {
        end(std::move(why));
        return;
    }
    drop_link();
    if (lost_why_.empty())
        lost_why_ = std::move(why);
    // Later: the caller may be in the middle of a lane's or a stream's call.
    asio::post(resources_.context, [self = shared_from_this(), link = generation_] {
        if (self->generation_ != link || self->detached_ || self->lost_)
            return;
        if (self->draining_) {
            self->end({});
            return;
        }
        self->freeze();
        self->arm_deadline();
        if (self->owner_ != nullptr)
            self->owner_->on_detached(*self, self->lost_why_);
    });
}

void lane_driver::drop_link() noexcept
{
    if (!linked_)
        return;
    linked_ = false;
    ++generation_;
    write_blocked_ = false;
    deadline_.cancel();
    armed_for_ = io::clock::time_point::max();
    ping_timer_.cancel();
    error_code ignored;
    link_.socket.close(ignored);
}

/// From here on the lane gets nothing more of what the old link carried.
void lane_driver::freeze()
{
    drop_link();
    if (detached_)
        return;
    // A link that came to nothing does not prolong the time that the lane is kept.
    if (lane_.ready())
        expires_ = io::clock::now() + lane_.resume_timeout();
    lane_.detach();
    detached_ = true;
    output_.release();
    pong_.clear();
    ping_.clear();
}

void lane_driver::hand_over(std::function<void(transport::link)> take)
{
    handing_over_ = true;
    asio::post(
        resources_.context,
        [self = shared_from_this(), link = generation_, take = std::move(take)] {
            if (self->generation_ != link)
                return;
            self->owner_ = nullptr;
            self->linked_ = false;
            self->lost_ = true;
            ++self->generation_;
            self->deadline_.cancel();
            self->ping_timer_.cancel();
            take(std::move(self->link_));
        }
    );
}

std::optional<io::tcp::endpoint> lane_driver::local() const
{
    error_code ec;
    auto endpoint = link_.socket.local_endpoint(ec);
    if (ec)
        return std::nullopt;
    return endpoint;
}

std::optional<io::tcp::endpoint> lane_driver::remote() const
{
    error_code ec;
    auto endpoint = link_.socket.remote_endpoint(ec);
    if (ec)
        return std::nullopt;
    return endpoint;
}

void lane_driver::end(std::string why)
{
    if (lost_)
        return;
    drop_link();
    lost_ = true;
    detached_ = false;
    deadline_.cancel();
    if (lost_why_.empty())
        lost_why_ = std::move(why);
    // Later: the caller may be in the middle of a stream's call.
    asio::post(resources_.context, [self = shared_from_this()] { self->finish(); });
}

void lane_driver::finish()
{
    while (!streams_.empty())
        stream_ended(streams_.front(), failure::session_lost);
    output_.release();
    if (auto* const owner = std::exchange(owner_, nullptr))
        owner->on_lost(*this, lost_why_, clean_);
}

}  // namespace penstock::tunnel
