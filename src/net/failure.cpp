#include <penstock/net/connector.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/errc.hpp>

namespace penstock::net {

failure to_failure(const error_code& ec) noexcept
{
    namespace errc = boost::system::errc;
    if (!ec)
        return failure::none;
    // Conditions, not codes: the same cause may come as a system or as an Asio error.
    if (ec == errc::connection_refused)
        return failure::connection_refused;
    if (ec == errc::timed_out)
        return failure::dial_timeout;
    if (ec == errc::host_unreachable ||
        ec == boost::system::error_code(EHOSTDOWN, boost::system::system_category()))
        return failure::host_unreachable;
    if (ec == errc::network_unreachable || ec == errc::network_down)
        return failure::network_unreachable;
    if (ec == errc::permission_denied || ec == errc::operation_not_permitted)
        return failure::denied;  // this machine's packet filter
    if (ec == errc::address_family_not_supported)
        return failure::address_type_not_supported;
    if (ec == errc::too_many_files_open || ec == errc::too_many_files_open_in_system ||
        ec == errc::no_buffer_space || ec == errc::not_enough_memory ||
        ec == errc::address_not_available)
        return failure::overloaded;  // no descriptors, no memory, no local port left
    if (ec == errc::connection_reset)
        return failure::target_reset;
    return failure::general;
}

}  // namespace penstock::net
