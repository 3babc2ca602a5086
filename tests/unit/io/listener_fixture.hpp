#pragma once

#include <penstock/io/listener.hpp>

#include <string>
#include <utility>
#include <vector>

#include "support.hpp"

namespace support {

inline io::listen_address address_of(std::string_view text)
{
    return io::parse_listen_address(text).value();
}

struct listener_fixture {
    asio::io_context context{1};
    std::vector<io::stream_socket> arrived;
    std::vector<io::accept_trouble> troubles;

    io::listener_hooks hooks()
    {
        return {
            .choose = [this]() -> asio::io_context& { return context; },
            .accepted =
                [this](asio::io_context&, io::stream_socket s) { arrived.push_back(std::move(s)); },
            .trouble = [this](const io::accept_trouble& t) { troubles.push_back(t); },
        };
    }
    io::listener listen(std::string_view text)
    {
        return io::listener(context, address_of(text), hooks());
    }

    std::string refusal(std::string_view text)
    {
        try {
            const auto unexpected = listen(text);
        } catch (const io::listen_error& e) {
            return e.what();
        }
        return "listens";
    }
};

}  // namespace support
