#pragma once

#include <penstock/tunnel/lane_driver.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tunnel_test {

namespace asio = boost::asio;
using asio::ip::tcp;
using namespace penstock;
using tunnel::local_stream;

inline std::pair<tcp::socket, tcp::socket> socket_pair(asio::io_context& context)
{
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    tcp::socket near(context), far(context);
    near.connect(acceptor.local_endpoint());
    acceptor.accept(far);
    return {std::move(near), std::move(far)};
}

/// Remembers what a driver tells, and answers an OPEN as the test says.
struct recording_owner : tunnel::lane_owner {
    std::function<void(tunnel::lane_driver&, local_stream::pointer, mux::open_frame)> opened;
    bool hello_seen = false;
    bool draining = false;
    bool detached = false;
    bool lost = false;
    bool lost_clean = false;
    std::string lost_why;
    std::string suspected;         ///< why
    std::uint16_t close_code = 0;  ///< the peer's, when the driver was lost
    std::vector<std::pair<std::uint32_t, failure>> ended;
    std::function<void(tunnel::lane_driver&)> hello;

    void on_hello(tunnel::lane_driver& driver, const mux::hello&) override
    {
        hello_seen = true;
        if (hello)
            hello(driver);
    }
    void on_open(tunnel::lane_driver& driver, local_stream::pointer stream, mux::open_frame request)
        override
    {
        opened(driver, std::move(stream), std::move(request));
    }
    void on_draining(tunnel::lane_driver& driver, const std::string&) override
    {
        draining = true;
        driver.drain({}, "the other side drains");
    }
    void on_suspect(tunnel::lane_driver&, const std::string& why) override { suspected = why; }
    void on_stream_end(tunnel::lane_driver&, const local_stream& stream, failure code) override
    {
        ended.emplace_back(static_cast<std::uint32_t>(stream.id()), code);
    }
    void on_detached(tunnel::lane_driver&, const std::string& why) override
    {
        detached = true;
        lost_why = why;
    }
    void on_lost(tunnel::lane_driver& driver, const std::string& why, bool clean) override
    {
        close_code = driver.peer_close_code();
        lost = true;
        lost_why = why;
        lost_clean = clean;
    }
};

/// Two drivers over a loopback connection without TLS, on one thread.
struct link_pair {
    asio::io_context context{1};
    memory_budget budget{64 * 1024 * 1024};
    tunnel::thread_resources resources{context, budget};
    tunnel::settings config;
    std::size_t replay_bytes_max =
        0;  ///< of the drivers that are made; 0: their lanes end with the link
    recording_owner client_owner, server_owner;
    std::shared_ptr<tunnel::lane_driver> client, server;
    std::deque<tcp::socket> targets;  ///< the far ends of what the server "dialled"

    explicit link_pair(bool say_hello = true)
    {
        auto [near, far] = socket_pair(context);
        client = make(std::move(near), mux::side::connecting, client_owner);
        server = make(std::move(far), mux::side::accepting, server_owner);
        server_owner.hello = [](tunnel::lane_driver& driver) {
            mux::hello h;
            h.role = mux::side::accepting;
            h.payload_bytes_max = static_cast<std::uint32_t>(mux::payload_bytes_max);
            h.streams_max = 1'000;
            driver.send_hello(h);
        };
        server_owner.opened =
            [this](tunnel::lane_driver& driver, local_stream::pointer stream, mux::open_frame) {
                auto [inner, outer] = socket_pair(context);
                targets.push_back(std::move(outer));
                mux::open_ok_frame ok;
                ok.bound_address = asio::ip::address_v4::loopback();
                driver.accept(stream, io::stream_socket(std::move(inner)), ok);
            };
        if (!say_hello)
            return;
        mux::hello h;
        h.payload_bytes_max = static_cast<std::uint32_t>(mux::payload_bytes_max);
        client->send_hello(h);
        client->start();
        server->start();
        run_until([this] { return client_owner.hello_seen; });
    }
    ~link_pair()
    {
        client->abandon();
        server->abandon();
        context.restart();
        context.poll();
    }

    std::shared_ptr<tunnel::lane_driver>
    make(tcp::socket socket, mux::side side, recording_owner& owner)
    {
        const auto role = side == mux::side::connecting ? ws::role::client : ws::role::server;
        transport::link link{
            std::move(socket),
            std::nullopt,
            role,
            ws::decoder(role, transport::message_octets_max),
            {},
            "test",
            "plain"
        };
        mux::lane_settings lane;
        lane.role = side;
        lane.streams_max = side == mux::side::accepting ? 1'000 : 0;
        lane.replay_bytes_max = replay_bytes_max;
        lane.resume_timeout = config.resume_timeout;
        return std::make_shared<tunnel::lane_driver>(
            std::move(link), lane, config, resources, owner
        );
    }

    /// Runs handlers until `condition` holds; a test that waits for nothing is stopped by ctest's
    /// time-out.
    template <class Condition>
    void run_until(Condition condition)
    {
        while (!condition()) {
            context.restart();
            context.run_one_for(std::chrono::milliseconds(200));
        }
    }

    /// A client's socket attached to a new stream; its far end is returned, and the target's is
    /// targets.back().
    tcp::socket open_stream(std::function<void(failure)> on_end = {})
    {
        mux::open_frame request;
        request.destination = *parse_target("target.example:80");
        const auto before = targets.size();
        auto stream = client->open(request);
        BOOST_REQUIRE(stream);
        bool answered = false;
        stream->on_answer([&] { answered = true; });
        run_until([&] { return answered && targets.size() > before; });
        BOOST_REQUIRE(stream->answer()->code == failure::none);
        auto [inner, outer] = socket_pair(context);
        stream->attach(io::stream_socket(std::move(inner)), {}, std::move(on_end));
        return std::move(outer);
    }
};

/// Reads until EOF or an error, in the background.
struct collector {
    explicit collector(tcp::socket& s) : socket(s) { next(); }
    void next()
    {
        socket.async_read_some(asio::buffer(chunk), [this](const error_code& e, std::size_t n) {
            text.append(chunk.data(), n);
            if (e)
                ec = e;
            else
                next();
        });
    }
    tcp::socket& socket;
    std::array<char, 65536> chunk{};
    std::string text;
    error_code ec;
};

}  // namespace tunnel_test
