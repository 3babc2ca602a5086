#include "service.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <sys/socket.h>

namespace bench {
namespace {

constexpr std::size_t buffer_octets = 256 * 1024;
const std::unique_ptr<std::uint8_t[]> buffer = std::make_unique<std::uint8_t[]>(buffer_octets);

}  // namespace

void service::on_ready(std::uint32_t events)
{
    if (!request_)
        return read_request();
    if ((events & EPOLLOUT) != 0)
        writable();
    if (!retired() && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        readable();
}

void service::read_request()
{
    const auto have = head_.size();
    head_.resize(request_octets);
    const auto count = ::recv(fd(), &head_[have], request_octets - have, 0);
    head_.resize(have + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0 || (count < 0 && errno != EAGAIN))
        return retire();
    if (head_.size() < request_octets)
        return;
    request_ = decode(std::span<const std::uint8_t, request_octets>(head_));
    std::vector<std::uint8_t>().swap(head_);
    if (!request_)
        return retire();
    start();
}

void service::start()
{
    switch (request_->what) {
    case job::unread:
        ::setsockopt(
            fd(), SOL_SOCKET, SO_SNDBUF, &unread_buffer_octets, sizeof unread_buffer_octets
        );
        [[fallthrough]];
    case job::source:
        left_ = request_->octets == 0 ? UINT64_MAX : request_->octets;
        want(EPOLLOUT);
        break;
    case job::verify:
        random_.emplace(request_->seed, request_->octets);
        received_hash_.emplace();
        want(EPOLLIN | EPOLLOUT);
        break;
    default:
        break;
    }
}

void service::take(byte_view octets)
{
    received_ += octets.size();
    totals_.received += octets.size();
    if (received_hash_)
        received_hash_->add(octets);
    if (request_->what == job::echo)
        answer_.insert(answer_.end(), octets.begin(), octets.end());
}

void service::readable()
{
    const auto count = ::recv(fd(), buffer.get(), buffer_octets, 0);
    if (count < 0) {
        if (errno != EAGAIN)
            retire();
        return;
    }
    take({buffer.get(), static_cast<std::size_t>(count)});
    if (count == 0) {
        if (is_source())
            return retire();  // nobody listens any more
        read_all_ = true;
        if (request_->what == job::sink) {
            answer_.resize(sizeof received_);
            std::memcpy(answer_.data(), &received_, sizeof received_);
        }
    }
    if (read_all_ || !answer_.empty())
        writable();
}

bool service::write_answer()
{
    while (!answer_.empty()) {
        const auto count = ::send(fd(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
        if (count < 0) {
            if (errno != EAGAIN)
                retire();
            return false;
        }
        totals_.sent += static_cast<std::uint64_t>(count);
        answer_.erase(answer_.begin(), answer_.begin() + count);
    }
    std::vector<std::uint8_t>().swap(answer_);
    return true;
}

void service::write_source()
{
    // One write each time: connections take turns.
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_octets));
    const auto count = ::send(fd(), buffer.get(), size, MSG_NOSIGNAL);
    if (count < 0)
        return errno == EAGAIN ? void() : retire();
    left_ -= static_cast<std::uint64_t>(count);
    totals_.sent += static_cast<std::uint64_t>(count);
    if (left_ == 0)
        retire();
}

void service::writable()
{
    if (is_source())
        return write_source();

    if (random_) {
        if (!random_->write_some(fd()))
            return retire();
        if (!random_->done())
            return want(EPOLLOUT | (read_all_ ? 0u : std::uint32_t{EPOLLIN}));
        if (!read_all_)
            return want(EPOLLIN);
        const digests both{received_hash_->finish(), random_->finish()};
        answer_.resize(sizeof both);
        std::memcpy(answer_.data(), &both, sizeof both);
        totals_.sent += request_->octets;
        random_.reset();
    }
    if (!write_answer())
        return want(EPOLLOUT);  // an echo reads on when this is out
    if (read_all_)
        return retire();
    want(EPOLLIN);
}

}  // namespace bench
