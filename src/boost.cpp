// The bodies of Asio and Beast, compiled once (BOOST_ASIO_SEPARATE_COMPILATION and its Beast
// counterpart).
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
