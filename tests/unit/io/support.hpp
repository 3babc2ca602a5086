#pragma once

#include <penstock/io/asio.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

namespace support {

namespace asio = boost::asio;
namespace io = penstock::io;
using asio::ip::tcp;
using penstock::error_code;

/// Runs handlers until `holds()`; the bound is for a broken program only.
template <class Condition>
void run_until(asio::io_context& context, Condition holds)
{
    const auto give_up = io::clock::now() + std::chrono::seconds(20);
    while (!holds()) {
        BOOST_TEST_REQUIRE((io::clock::now() < give_up), "the condition never came true");
        context.restart();
        context.run_one_for(std::chrono::milliseconds(20));
    }
}

/// Two ends of one loopback connection; the first is blocking and belongs to the test.
inline std::pair<tcp::socket, io::stream_socket> connected(asio::io_context& context)
{
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    tcp::socket outer(context);
    outer.connect(acceptor.local_endpoint());
    return {std::move(outer), io::stream_socket(acceptor.accept())};
}

/// What one blocking read gives: the octets, or the error's name.
inline std::string read_some(tcp::socket& socket, error_code& ec)
{
    std::string text(4096, '\0');
    text.resize(socket.read_some(asio::buffer(text), ec));
    return text;
}

}  // namespace support
