#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <set>
#include <thread>

namespace integration {

/// Stands between gateway and server, and is what a network can be: it resets connections with all
/// that is on its way through them, stops to carry anything, or takes nobody.
class breaking_relay {
    using tcp = boost::asio::ip::tcp;
    using error_code = boost::system::error_code;

    struct connection {
        explicit connection(boost::asio::io_context& context) : near(context), far(context) {}
        void reset()
        {
            for (auto* const socket : {&near, &far}) {
                error_code ignored;
                socket->set_option(tcp::socket::linger(true, 0), ignored);
                socket->close(ignored);
            }
        }
        tcp::socket near, far;
        std::array<std::array<char, 16384>, 2> chunks{};
        bool silent = false;
    };

    template <class Call>
    auto in_thread(Call call)
    {
        std::packaged_task<decltype(call())()> task(std::move(call));
        auto answer = task.get_future();
        boost::asio::post(context_, std::move(task));
        return answer.get();
    }

public:
    explicit breaking_relay(std::uint16_t server_port)
        : server_(boost::asio::ip::address_v4::loopback(), server_port),
          acceptor_(context_, {boost::asio::ip::address_v4::loopback(), 0})
    {
        accept_next();
        thread_ = std::thread([this] { context_.run(); });
    }
    ~breaking_relay()
    {
        context_.stop();
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return port_; }

    /// Resets every connection. Answers how many there were.
    std::size_t cut()
    {
        return in_thread([this] {
            const auto count = links_.size();
            for (const auto& link : links_)
                link->reset();
            links_.clear();
            return count;
        });
    }
    /// Connections that are open are not carried any further; new ones are, if not refused.
    std::size_t silence()
    {
        return in_thread([this] {
            const auto count = links_.size();
            for (const auto& link : links_)
                link->silent = true;
            silent_.insert(links_.begin(), links_.end());
            links_.clear();
            return count;
        });
    }
    /// Connections that are carried now.
    std::size_t links()
    {
        return in_thread([this] { return links_.size(); });
    }
    void refuse(bool yes)
    {
        in_thread([this, yes] {
            refusing_ = yes;
            return 0;
        });
    }
    [[nodiscard]] std::uint64_t carried_bytes() const { return carried_; }

private:
    void accept_next()
    {
        auto made = std::make_shared<connection>(context_);
        acceptor_.async_accept(made->near, [this, made](const error_code& ec) {
            if (ec)
                return;
            error_code failed;
            if (!refusing_)
                made->far.connect(server_, failed);
            if (refusing_ || failed) {
                made->reset();
            } else {
                links_.insert(made);
                pump(made, made->near, made->far, made->chunks[0]);
                pump(made, made->far, made->near, made->chunks[1]);
            }
            accept_next();
        });
    }

    void pump(
        std::shared_ptr<connection> through,
        tcp::socket& from,
        tcp::socket& to,
        std::array<char, 16384>& by
    )
    {
        from.async_read_some(
            boost::asio::buffer(by),
            [this, through, &from, &to, &by](const error_code& ec, std::size_t bytes) {
                if (through->silent)
                    return;
                if (ec) {
                    through->reset();
                    links_.erase(through);
                    return;
                }
                carried_ += bytes;
                boost::asio::async_write(
                    to,
                    boost::asio::buffer(by, bytes),
                    [this, through, &from, &to, &by](const error_code& failed, std::size_t) {
                        if (!failed && !through->silent)
                            pump(through, from, to, by);
                    }
                );
            }
        );
    }

    boost::asio::io_context context_{1};
    tcp::endpoint server_;
    tcp::acceptor acceptor_;
    std::uint16_t port_ = acceptor_.local_endpoint().port();
    std::set<std::shared_ptr<connection>> links_, silent_;
    bool refusing_ = false;
    std::atomic<std::uint64_t> carried_{0};
    std::thread thread_;
};

}  // namespace integration
