#pragma once

#include <optional>
#include <vector>

#include "client.hpp"

namespace bench {

/// Reads what the target's source sends until EOF, no faster than `--rate` if there is one.
class download final : public client_stream {
public:
    download(event_loop& l, const options& o, run_observer& r)
        : client_stream(l, o, {job::source, o.octets, 0}, r), wanted_octets_(o.octets),
          rate_(o.rate)
    {
    }
    void on_tick(double seconds) override;

private:
    void on_open() override;
    void on_readable() override;

    std::uint64_t wanted_octets_;
    double rate_;           ///< octets a second; 0: no bound
    double allowance_ = 0;  ///< octets that may be read now
};

/// Writes octets to the target's sink, then waits until it says how many have come.
class upload final : public client_stream {
public:
    upload(event_loop& l, const options& o, run_observer& r);

private:
    void on_open() override;
    void on_writable() override;
    void on_readable() override;

    std::uint64_t left_;
    std::vector<std::uint8_t> answer_;
};

/// One octet there and back; `hold` keeps the stream open afterwards.
class touch final : public client_stream {
public:
    touch(event_loop& l, const options& o, run_observer& r, bool hold)
        : client_stream(l, o, {job::echo, 0, 0}, r), hold_(hold)
    {
    }
    [[nodiscard]] bool answered() const noexcept { return received() > 0; }

private:
    void on_open() override;
    void on_readable() override;

    bool hold_;
};

/// 64 octets there and back, `--count` times or for ever.
class ping_pong final : public client_stream {
public:
    ping_pong(event_loop& l, const options& o, run_observer& r, std::vector<double>& micros);

private:
    void on_open() override;
    void on_readable() override;
    void ping();

    std::uint64_t left_;
    std::vector<double>& micros_;
    std::size_t missing_ = 0;
    double started_ = 0;
};

/// A download that is never read.
class stalled final : public client_stream {
public:
    stalled(event_loop& l, const options& o, run_observer& r)
        : client_stream(l, o, {job::unread, 0, 0}, r)
    {
    }

private:
    void on_open() override { want(0); }
    /// Nothing is waited for, so only a failed connection leads here.
    void on_readable() override { end("cut off while it was not read"); }
};

/// Pseudo-random octets both ways at the same time; both ends compare SHA-256 of both.
class verification final : public client_stream {
public:
    verification(event_loop& l, const options& o, run_observer& r, std::uint64_t seed);

private:
    void on_open() override;
    void on_writable() override;
    void on_readable() override;
    void compare();

    std::uint64_t octets_;
    random_sender sender_;
    hasher received_hash_;
    std::vector<std::uint8_t> trailer_;
    bool closed_half_ = false;
};

}  // namespace bench
