// A server leaves, and what is on its way to it right then.
#include <penstock/tunnel/lane_driver.hpp>
#include <penstock/tunnel/lane_terms.hpp>

#include <boost/asio/co_spawn.hpp>

#include <future>
#include <sys/ioctl.h>

#include "world.hpp"

using namespace integration;

namespace {

/// A server that reads from its links when the test lets it, and dials whatever it is asked for.
struct hesitant_server : tunnel::lane_owner {
    explicit hesitant_server(const world& w) : settings(w.server_settings()) {}
    ~hesitant_server() override
    {
        for (const auto& lane : lanes)
            lane->abandon();
        context.restart();
        context.poll();
    }

    [[nodiscard]] std::uint16_t port() const { return acceptor.local_endpoint().port(); }

    /// Takes the next link, and waits until a round trip over it has been measured: nothing is on
    /// its way then.
    tunnel::lane_driver& take_link()
    {
        asio::co_spawn(
            context,
            transport::accept(acceptor.accept(), settings.accept),
            [this](const std::exception_ptr&, transport::accept_outcome accepted) {
                start(std::move(*accepted.link));
            }
        );
        const auto before = lanes.size();
        run_until([&] {
            return lanes.size() > before &&
                   lanes.back()->lane().rtt().smoothed() > std::chrono::microseconds(0);
        });
        context.restart();
        context.poll();
        return *lanes.back();
    }

    void start(transport::link link)
    {
        socket = link.socket.native_handle();
        auto lane = tunnel::lane_terms(settings.tunnel, 1);
        lane.role = mux::side::accepting;
        lane.streams_max = 100;
        lanes.push_back(std::make_shared<tunnel::lane_driver>(
            std::move(link), lane, settings.tunnel, resources, *this
        ));
        lanes.back()->start();
    }

    /// Octets that have come over the newest link and were not read.
    [[nodiscard]] bool has_unread() const
    {
        int count = 0;
        return ::ioctl(socket, FIONREAD, &count) == 0 && count > 0;
    }

    template <class Condition>
    void run_until(Condition condition)
    {
        while (!condition()) {
            context.restart();
            context.run_one_for(std::chrono::milliseconds(50));
        }
    }

    void on_hello(tunnel::lane_driver& driver, const mux::hello&) override
    {
        auto h = tunnel::hello_terms(settings.tunnel, true);
        h.session.emplace();
        h.session->front() = static_cast<std::uint8_t>(lanes.size());
        h.key.emplace();
        driver.send_hello(std::move(h));
    }
    void on_open(
        tunnel::lane_driver& driver, tunnel::local_stream::pointer stream, mux::open_frame request
    ) override
    {
        tcp::socket target(context);
        target.connect({asio::ip::address_v4::loopback(), request.destination.port});
        mux::open_ok_frame ok;
        ok.bound_address = asio::ip::address_v4::loopback();
        driver.accept(stream, io::stream_socket(std::move(target)), ok);
    }
    void on_draining(tunnel::lane_driver&, const std::string&) override {}
    void on_stream_end(tunnel::lane_driver&, const tunnel::local_stream&, failure) override {}
    void on_detached(tunnel::lane_driver& driver, const std::string&) override { driver.close(""); }
    void on_lost(tunnel::lane_driver&, const std::string&, bool) override {}

    server::settings settings;
    asio::io_context context{1};
    memory_budget budget{64 * 1024 * 1024};
    tunnel::thread_resources resources{context, budget};
    tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
    std::vector<std::shared_ptr<tunnel::lane_driver>> lanes;
    int socket = -1;
};

}  // namespace

BOOST_AUTO_TEST_CASE(an_open_that_crosses_a_drain_is_asked_again_on_the_next_link)
{
    const world w;
    target_server target(echo);  // ends behind the server, which nobody moves then
    hesitant_server far(w);
    gateway::gateway near(w.gateway_settings(far.port()));
    near.start();
    auto& leaving = far.take_link();

    auto asked = std::async(std::launch::async, [&] {
        socks_client client(port_of(near), target.port());
        return client.reply == 0 ? client.ask("hello")
                                 : "refused with " + std::to_string(client.reply);
    });
    while (!far.has_unread())
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    leaving.drain(std::chrono::seconds(5), "restart");
    far.run_until([&] { return leaving.lost(); });
    (void)far.take_link();
    far.run_until([&] {
        return asked.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    });
    BOOST_TEST(asked.get() == "hello");
}
