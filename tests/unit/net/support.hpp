#pragma once

#include <penstock/io/asio.hpp>

#include <boost/test/unit_test.hpp>

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

}  // namespace support
