#pragma once

#include <penstock/net/resolver.hpp>
#include <penstock/transport/dial.hpp>
#include <penstock/tunnel/client_session.hpp>
#include <penstock/tunnel/lane_driver.hpp>
#include <penstock/tunnel/lane_terms.hpp>

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "world.hpp"

namespace integration {

/// What dials a server by hand: one thread, which is the test's.
struct raw_gateway {
    const world& w;
    std::uint16_t server_port;
    asio::io_context context{1};
    memory_budget budget{64 * 1024 * 1024};
    tunnel::thread_resources resources{context, budget};
    tunnel::settings config{};
    std::unique_ptr<net::resolver> names =
        std::make_unique<net::resolver>(net::resolver_settings{});

    raw_gateway(const world& made, std::uint16_t port) : w(made), server_port(port) {}

    /// Runs handlers until `condition` holds; ctest's time-out ends a test that waits for nothing.
    template <class Condition>
    void run_until(Condition condition)
    {
        while (!condition()) {
            context.restart();
            context.run_one_for(std::chrono::milliseconds(100));
        }
    }

    /// A link for someone with a certificate in this name.
    transport::link dial(const std::string& who)
    {
        const auto own = *pki::make_client(w.authority, who, w.valid);
        tls::client_settings tls;
        tls.own = {own.certificate_pem, own.key_pem, {}, {}};
        tls.ca_pem = w.authority.certificate_pem;
        transport::dial_settings settings;
        settings.tls = *tls::context::make_client(tls);
        const auto url =
            *transport::parse_server_url("wss://127.0.0.1:" + std::to_string(server_port));
        std::optional<transport::dial_outcome> outcome;
        asio::co_spawn(
            context,
            transport::dial(url, settings, *names),
            [&](const std::exception_ptr&, transport::dial_outcome made) {
                outcome.emplace(std::move(made));
            }
        );
        run_until([&] { return outcome.has_value(); });
        BOOST_REQUIRE_MESSAGE(outcome->link, outcome->why.text());
        return std::move(*outcome->link);
    }
};

/// A lane that says in its HELLO what the test wants.
class raw_lane final : public tunnel::lane_owner {
public:
    raw_lane(raw_gateway& home, const std::string& who, const mux::attach& wanted)
        : home_(home), who_(who)
    {
        auto terms = tunnel::lane_terms(home.config, 1);
        terms.role = mux::side::connecting;
        terms.streams_max = 0;
        driver_ = std::make_shared<tunnel::lane_driver>(
            home.dial(who), terms, home.config, home.resources, *this
        );
        driver_->send_hello(hello_with(wanted));
        driver_->start();
        home.run_until([&] { return greetings_ > 0 || lost_; });
    }
    ~raw_lane() override { driver_->abandon(); }
    raw_lane(const raw_lane&) = delete;
    raw_lane& operator=(const raw_lane&) = delete;

    /// The code with which the server refused; 0: it did not.
    [[nodiscard]] std::uint16_t refused() const { return refused_; }
    [[nodiscard]] bool lost() const { return lost_ || detached_; }
    [[nodiscard]] const tunnel::lane_driver& driver() const { return *driver_; }
    [[nodiscard]] tunnel::lane_ticket ticket() const
    {
        return {.session = *peer_.session, .key = *peer_.key, .lane = 0, .epoch = 1};
    }

    /// The lane goes on over another link.
    void carry_on(const mux::attach& wanted)
    {
        const auto before = greetings_;
        driver_->attach(home_.dial(who_), hello_with(wanted));
        home_.run_until([&] { return greetings_ > before || lost_; });
    }

    void open(std::uint16_t target_port)
    {
        mux::open_frame request;
        request.destination = *parse_target("127.0.0.1:" + std::to_string(target_port));
        const auto stream = driver_->open(request);
        bool answered = false;
        stream->on_answer([&] { answered = true; });
        home_.run_until([&] { return answered; });
        BOOST_REQUIRE(stream->answer()->code == failure::none);
        tcp::acceptor acceptor(home_.context, {asio::ip::address_v4::loopback(), 0});
        tcp::socket inner(home_.context);
        client_.connect(acceptor.local_endpoint());
        acceptor.accept(inner);
        stream->attach(io::stream_socket(std::move(inner)), {});
    }

    /// Through the stream to the target and back; empty if it ended instead.
    [[nodiscard]] std::string ask(const std::string& text)
    {
        error_code ec;
        asio::write(client_, asio::buffer(text), ec);
        std::string answer(text.size(), '\0');
        bool done = false;
        asio::async_read(client_, asio::buffer(answer), [&](const error_code& failed, std::size_t) {
            ec = failed;
            done = true;
        });
        home_.run_until([&] { return done; });
        ended_by_ = ec;
        return ec ? std::string() : answer;
    }
    [[nodiscard]] error_code ended_by() const { return ended_by_; }

private:
    [[nodiscard]] mux::hello hello_with(const mux::attach& wanted) const
    {
        auto h = tunnel::hello_terms(home_.config, true);
        h.attach = wanted;
        return h;
    }

    void on_hello(tunnel::lane_driver&, const mux::hello& peer) override
    {
        if (++greetings_ == 1)
            peer_ = peer;
    }
    void on_open(tunnel::lane_driver&, tunnel::local_stream::pointer, mux::open_frame) override {}
    void on_draining(tunnel::lane_driver&, const std::string&) override {}
    void on_stream_end(tunnel::lane_driver&, const tunnel::local_stream&, failure) override {}
    void on_detached(tunnel::lane_driver&, const std::string&) override { detached_ = true; }
    void on_lost(tunnel::lane_driver& driver, const std::string&, bool) override
    {
        lost_ = true;
        refused_ = driver.refused_code();
    }

    raw_gateway& home_;
    std::string who_;
    std::shared_ptr<tunnel::lane_driver> driver_;
    tcp::socket client_{home_.context};
    mux::hello peer_;
    unsigned greetings_ = 0;
    std::uint16_t refused_ = 0;
    bool detached_ = false;
    bool lost_ = false;
    error_code ended_by_;
};

}  // namespace integration
