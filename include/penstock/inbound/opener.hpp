#pragma once

#include <penstock/base/failure.hpp>
#include <penstock/base/result.hpp>
#include <penstock/base/target.hpp>
#include <penstock/io/asio.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace penstock::inbound {

/// How an attached stream ended; for a caller that reads the other end of a socket pair and must
/// tell a target's RST from its FIN.
struct stream_end {
    bool ended = false;
    failure why = failure::none;  ///< none: both directions reached EOF
};

/// A connection to the target, made and still silent. Destroying it without attach() resets it.
class opened_stream {
public:
    virtual ~opened_stream() = default;

    /// Relays `client` and the target from now on, in the background, until both directions end:
    /// FIN is FIN, RST is RST. `early` is what the client had sent behind its request. `end`, if
    /// given, is set when the stream has ended, in the handler that closes `client`. Executor: the
    /// thread on which it was opened.
    virtual void
    attach(io::stream_socket client, octets early, std::shared_ptr<stream_end> end = nullptr) = 0;
};

struct open_request {
    target destination;
    std::string user;  ///< who asked, after authentication at the local proxy; empty without
};

struct open_outcome {
    /// The dialling end of the connection to the target, for the SOCKS reply.
    io::tcp::endpoint bound;
    failure code = failure::general;
    std::string detail;                     ///< one line for a person; empty on success
    std::unique_ptr<opened_stream> stream;  ///< set exactly if code is none
};

/// Opens streams: the tunnel, a direct dial, or a refusal, as the gateway's rules say. One object
/// for each thread.
class opener {
public:
    virtual ~opener() = default;

    /// Completes when the target answered, refused, or the wait for it ended; never throws for the
    /// peer. Cancellation: terminal; the half-made stream is reset.
    virtual boost::asio::awaitable<open_outcome> open(open_request request) = 0;
};

}  // namespace penstock::inbound
