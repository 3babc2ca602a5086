#include "dial_failure.hpp"

namespace penstock::transport {
namespace {

bool is_tls(const error_code& ec) noexcept { return ec.category() == tls::category(); }

const std::string& wanted_name(const server_url& server, const dial_settings& settings)
{
    return settings.server_name.empty() ? server.host : settings.server_name;
}

/// What to do about `code`.
std::string remedy_of(
    tls::errc code,
    const server_url& server,
    const dial_settings& settings,
    const tls::engine& engine
)
{
    const bool have_certificate = settings.tls->own().has_value();
    switch (code) {
    case tls::errc::wrong_host_name: {
        const auto name = engine.offered_name();
        const auto own = "a certificate for " + wanted_name(server, settings);
        return name.empty() ? "the server needs " + own
                            : "use --server-name " + name + ", or " + own;
    }
    case tls::errc::unknown_ca:
        return "use --ca with the certificate of the authority that signed the server's";
    case tls::errc::certificate_expired:
        return "renew it, and check this machine's clock";
    case tls::errc::certificate_not_yet_valid:
        return "check this machine's clock";
    case tls::errc::wrong_purpose:
        return "the server needs a certificate for servers, such as `penstock keys init` makes";
    case tls::errc::peer_wants_certificate:
        return "use --cert and --key, or --p12";
    case tls::errc::peer_refused_certificate:
        return "use a certificate signed by the authority in the server's --client-ca";
    case tls::errc::not_tls:
        return "check the port; the server may listen without TLS behind a reverse proxy";
    case tls::errc::no_common_parameters:
        // TLS 1.2 has no better alert for a missing client certificate.
        return have_certificate ? "the other side may be too old for TLS 1.2"
                                : "the other side may be too old for TLS 1.2, or want a client "
                                  "certificate (--cert and --key)";
    default:
        return {};
    }
}

dial_failure told_by_tls(
    const server_url& server,
    const dial_settings& settings,
    const tls::engine& engine,
    const error_code& ec
)
{
    const auto code = static_cast<tls::errc>(ec.value());
    return {
        .step = dial_step::tls,
        .cause = to_string(server) + ": " + engine.failure_detail(),
        .remedy = remedy_of(code, server, settings, engine),
        .refused = code == tls::errc::peer_refused_certificate ||
                   code == tls::errc::peer_wants_certificate,
    };
}

}  // namespace

std::string seconds_of(std::chrono::milliseconds time)
{
    const auto ms = time.count();
    if (ms % 1000 != 0)
        return std::to_string(ms) + " ms";
    return std::to_string(ms / 1000) + " s";
}

std::string_view to_string(dial_step step) noexcept
{
    switch (step) {
    case dial_step::resolve:
        return "resolve";
    case dial_step::tcp:
        return "tcp";
    case dial_step::proxy:
        return "proxy";
    case dial_step::tls:
        return "tls";
    case dial_step::upgrade:
        return "upgrade";
    case dial_step::auth:
        return "auth";
    }
    return "link";
}

std::string dial_failure::text() const
{
    auto out = std::string(to_string(step)) + ": " + cause;
    if (!remedy.empty())
        out += " (" + remedy + ')';
    return out;
}

dial_failure tls_failure(
    const server_url& server,
    const dial_settings& settings,
    const tls::engine& engine,
    const error_code& ec,
    bool timed_out
)
{
    if (timed_out)
        return {
            .step = dial_step::tls,
            .cause =
                to_string(server) + ": no TLS handshake within " + seconds_of(settings.tls_timeout),
            .remedy = "check the port; a firewall may be in the way",
        };
    if (is_tls(ec))
        return told_by_tls(server, settings, engine, ec);
    return {
        .step = dial_step::tls,
        .cause = to_string(server) +
                 ": the connection was ended during the TLS handshake: " + ec.message(),
        .remedy = "check the port; a firewall may be in the way",
    };
}

dial_failure upgrade_failure(
    const server_url& server,
    const dial_settings& settings,
    const tls::engine& engine,
    const error_code& ec,
    bool timed_out
)
{
    if (!timed_out && is_tls(ec))
        return told_by_tls(server, settings, engine, ec);
    dial_failure why{.step = dial_step::upgrade, .remedy = "is it a penstock server?"};
    if (timed_out)
        why.cause = to_string(server) + " did not answer the upgrade request within " +
                    seconds_of(settings.upgrade_timeout);
    else
        why.cause = to_string(server) + " closed the connection without an answer: " + ec.message();
    return why;
}

dial_failure resolve_failure(const server_url& server, failure code, const std::string& detail)
{
    return {
        .step = dial_step::resolve,
        .cause = server.host + ": " + (detail.empty() ? std::string(describe(code).text) : detail),
        .remedy = code == failure::name_not_found ? "check the host in --server"
                                                  : "check this machine's DNS",
    };
}

dial_failure connect_failure(const server_url& server, failure code, const std::string& detail)
{
    dial_failure why{.step = dial_step::tcp, .cause = to_string(server) + ": " + detail};
    if (code == failure::connection_refused)
        why.remedy = "is the server running, and the port right?";
    else if (code == failure::dial_timeout)
        why.remedy = "is a firewall in the way?";
    else if (code == failure::network_unreachable || code == failure::host_unreachable)
        why.remedy = "is this machine online?";
    return why;
}

}  // namespace penstock::transport
