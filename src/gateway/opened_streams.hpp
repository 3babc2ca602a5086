#pragma once

#include <penstock/inbound/opener.hpp>
#include <penstock/io/asio.hpp>
#include <penstock/tunnel/local_stream.hpp>

#include <atomic>
#include <memory>

namespace penstock::gateway {

/// Counts something that lives, for as long as it lives.
class live_count {
public:
    explicit live_count(std::shared_ptr<std::atomic<std::size_t>> total) : total_(std::move(total))
    {
        ++*total_;
    }
    live_count(const live_count&) = delete;
    live_count& operator=(const live_count&) = delete;
    ~live_count() { --*total_; }

private:
    std::shared_ptr<std::atomic<std::size_t>> total_;
};

/// A stream through the tunnel.
class tunnelled_stream final : public inbound::opened_stream {
public:
    tunnelled_stream(tunnel::local_stream::pointer stream, std::shared_ptr<live_count> alive);
    ~tunnelled_stream() override;
    void attach(io::stream_socket client, octets early, std::shared_ptr<inbound::stream_end> end)
        override;

private:
    tunnel::local_stream::pointer stream_;
    std::shared_ptr<live_count> alive_;
};

/// A connection that a `direct` rule made, relayed here.
class direct_stream final : public inbound::opened_stream {
public:
    direct_stream(io::tcp::socket target, std::shared_ptr<live_count> alive);
    ~direct_stream() override;
    void attach(io::stream_socket client, octets early, std::shared_ptr<inbound::stream_end> end)
        override;

private:
    io::tcp::socket target_;
    std::shared_ptr<live_count> alive_;
};

}  // namespace penstock::gateway
