#include "streams.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sys/epoll.h>
#include <sys/socket.h>

namespace bench {
namespace {

constexpr std::size_t ping_octets = 64;
constexpr std::uint64_t for_ever = UINT64_MAX;
constexpr double pace_memory_s = 0.1;  ///< a reader that comes late catches up on so much

}  // namespace

void download::on_open()
{
    if (rate_ == 0)
        want(EPOLLIN);
    else
        want(0);  // until the next tick
}

void download::on_tick(double seconds)
{
    if (!is_open() || retired())
        return;
    allowance_ = std::min(allowance_ + rate_ * seconds, rate_ * pace_memory_s);
    want(EPOLLIN);
}

void download::on_readable()
{
    // Without an allowance only the end of the connection leads here: then whatever is left is
    // read.
    const auto octets_max =
        rate_ == 0 || allowance_ < 1 ? UINT64_MAX : static_cast<std::uint64_t>(allowance_);
    const auto got = read_some(octets_max);
    if (got == 0 && at_eof()) {
        const bool whole = wanted_octets_ == 0 || received() == wanted_octets_;
        return end(whole ? "" : "the stream ended before all octets had come");
    }
    if (rate_ == 0 || retired())
        return;
    allowance_ = std::max(0.0, allowance_ - static_cast<double>(got));
    if (allowance_ < 1)
        want(0);
}

upload::upload(event_loop& l, const options& o, run_observer& r)
    : client_stream(l, o, {job::sink, 0, 0}, r), left_(o.octets == 0 ? for_ever : o.octets)
{
}

void upload::on_open() { want(EPOLLOUT); }

void upload::on_writable()
{
    if (write_filler(left_) && left_ == 0) {
        ::shutdown(fd(), SHUT_WR);
        want(EPOLLIN);
    }
}

void upload::on_readable()
{
    const auto got = shared_octets(read_some());
    answer_.insert(answer_.end(), got.begin(), got.end());
    if (!at_eof() || retired())
        return;
    std::uint64_t counted = 0;
    if (answer_.size() == sizeof counted)
        std::memcpy(&counted, answer_.data(), sizeof counted);
    end(counted == sent() ? "" : "the target received another number of octets than were sent");
}

void touch::on_open()
{
    constexpr std::array<std::uint8_t, 1> octet{'x'};
    if (write_small(octet))
        want(EPOLLIN);
}

void touch::on_readable()
{
    const bool got = read_some() > 0;
    if (at_eof())
        end("closed by the target");
    else if (got && !hold_)
        end();
}

ping_pong::ping_pong(event_loop& l, const options& o, run_observer& r, std::vector<double>& micros)
    : client_stream(l, o, {job::echo, 0, 0}, r), left_(o.count == 0 ? for_ever : o.count),
      micros_(micros)
{
}

void ping_pong::on_open()
{
    want(EPOLLIN);
    ping();
}

void ping_pong::ping()
{
    if (left_ == 0)
        return end();
    --left_;
    missing_ = ping_octets;
    started_ = now_s();
    constexpr std::array<std::uint8_t, ping_octets> octets{};
    write_small(octets);
}

void ping_pong::on_readable()
{
    missing_ -= std::min(missing_, read_some());
    if (at_eof())
        return end("closed by the target");
    if (retired() || missing_ > 0)
        return;
    micros_.push_back((now_s() - started_) * 1e6);
    ping();
}

verification::verification(event_loop& l, const options& o, run_observer& r, std::uint64_t seed)
    : client_stream(l, o, {job::verify, o.octets, ~seed}, r), octets_(o.octets),
      sender_(seed, o.octets)
{
}

void verification::on_open() { want(EPOLLIN | EPOLLOUT); }

void verification::on_writable()
{
    if (!sender_.write_some(fd()))
        return end(std::string("write: ") + std::strerror(errno));
    if (sender_.done() && !closed_half_) {
        closed_half_ = true;
        count_sent(octets_);
        ::shutdown(fd(), SHUT_WR);
        want(EPOLLIN);
    }
}

void verification::on_readable()
{
    const auto before = received();
    const auto got = shared_octets(read_some());
    const auto body = static_cast<std::size_t>(
        std::min<std::uint64_t>(got.size(), octets_ - std::min(octets_, before))
    );
    received_hash_.add(got.first(body));
    trailer_.insert(trailer_.end(), got.begin() + static_cast<std::ptrdiff_t>(body), got.end());
    if (at_eof() && !retired())
        compare();
}

void verification::compare()
{
    const auto received = received_hash_.finish();
    if (!closed_half_)
        return end("the target closed before it had everything");
    const auto sent = sender_.finish();
    if (trailer_.size() != sizeof(digests))
        return end("the answer has another length than was asked for");
    digests theirs;
    std::memcpy(&theirs, trailer_.data(), sizeof theirs);
    if (theirs.received != sent)
        return end("the target received other octets than were sent");
    end(theirs.sent == received ? "" : "other octets were received than the target sent");
}

}  // namespace bench
