#include <penstock/base/failure.hpp>

#include <algorithm>
#include <iterator>

namespace penstock {
namespace {

constexpr failure_row rows[] = {
    {failure::none, 0, 200, "", "no error"},
    {failure::general, 1, 502, "proxy_internal_error", "general failure"},
    {failure::denied, 2, 403, "destination_ip_prohibited", "denied by policy"},
    {failure::network_unreachable, 3, 502, "destination_ip_unroutable", "network unreachable"},
    {failure::host_unreachable, 4, 502, "destination_unavailable", "host unreachable"},
    {failure::connection_refused, 5, 502, "connection_refused", "connection refused"},
    {failure::dial_timeout, 6, 504, "connection_timeout", "the target did not answer in time"},
    {failure::command_not_supported, 7, 501, "http_request_denied", "command not supported"},
    {failure::address_type_not_supported,
     8,
     400,
     "http_request_denied",
     "address type not supported"},
    {failure::name_not_found, 4, 502, "dns_error", "the name does not exist"},
    {failure::name_lookup_failed, 4, 504, "dns_timeout", "the name could not be looked up"},
    {failure::overloaded, 1, 503, "connection_limit_reached", "a limit was reached, try again later"
    },
    {failure::tunnel_unavailable,
     3,
     503,
     "destination_unavailable",
     "no link to the penstock server"},
    {failure::session_lost,
     1,
     502,
     "connection_terminated",
     "the link to the penstock server was lost"},
    {failure::target_reset, 1, 502, "connection_terminated", "the target reset the connection"},
    {failure::agent_offline, 4, 502, "destination_not_found", "the agent is not connected"},
    {failure::idle_timeout, 1, 504, "connection_timeout", "idle for too long"},
    {failure::shed_for_memory, 1, 503, "connection_limit_reached", "ended to free memory"},
};

}  // namespace

const failure_row& describe(failure code) noexcept
{
    const auto* const row = std::ranges::find(rows, code, &failure_row::code);
    return row == std::end(rows) ? rows[1] : *row;
}

}  // namespace penstock
